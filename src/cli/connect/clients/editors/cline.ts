import { keyInWords, openAiBase, type Client } from '../../client.ts';

export const cline: Client = {
  id: 'cline',
  name: 'Cline',
  documentation: 'https://docs.cline.bot/provider-config/openai-compatible',
  detect: { commands: ['cline'], paths: ({ home }) => [`${home}/.cline`] },
  variants: (target) => [
    {
      id: 'openai',
      title: 'Over the OpenAI API',
      api: 'Chat Completions',
      steps: [
        'Cline’s settings, **API Provider**: **OpenAI Compatible**',
        `**Base URL** \`${openAiBase(target)}\`, **API Key** \`${keyInWords(target)}\`, **Model ID** ` +
          `\`${target.models[0]?.id}\``,
        `**Model Configuration**: context window ${target.models[0]?.contextTokens}, supports images`,
      ],
    },
    {
      id: 'anthropic',
      title: 'Over the Anthropic API',
      api: 'Messages',
      steps: [
        'Cline’s settings, **API Provider**: **Anthropic**',
        `**API Key** \`${keyInWords(target)}\`, **Use custom base URL** \`${target.url}\``,
      ],
    },
  ],
  notes: [
    'Its Anthropic provider offers Claude’s web search in every request; where the engine has none it is left ' +
      'out, and named in `x-proxy-ignored`.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
