import { keyInWords, openAiBase, type Client } from '../../client.ts';

export const n8n: Client = {
  id: 'n8n',
  name: 'n8n',
  documentation: 'https://docs.n8n.io/integrations/builtin/credentials/openai/',
  detect: { commands: ['n8n'], paths: ({ home }) => [`${home}/.n8n`] },
  variants: (target) => [
    {
      id: 'openai',
      title: 'Credential of OpenAI',
      api: 'Responses',
      steps: [`**API Key** \`${keyInWords(target)}\`, **Base URL** \`${openAiBase(target)}\``],
    },
    {
      id: 'anthropic',
      title: 'Credential of Anthropic',
      api: 'Messages',
      steps: [`**API Key** \`${keyInWords(target)}\`, **Base URL** \`${target.url}\``],
    },
  ],
  notes: [
    'The list of models comes from the server. The OpenAI node uses the Responses API; the chat model node has a ' +
      'switch for it.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
