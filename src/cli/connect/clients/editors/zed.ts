import { configHome, openAiBase, type Client, type Json, type Target } from '../../client.ts';
import type { ClientModel } from '../../models.ts';

export const zed: Client = {
  id: 'zed',
  name: 'Zed',
  documentation: 'https://zed.dev/docs/ai/llm-providers',
  detect: { commands: ['zed', 'zeditor'], paths: (machine) => [`${configHome(machine)}/zed`] },
  variants: (target) => [
    {
      id: 'anthropic',
      title: 'Over the Anthropic API',
      api: 'Messages',
      file: fileOf(['language_models', 'anthropic_compatible', 'Claude'], {
        api_url: target.url,
        available_models: target.models.map((model) => ({
          ...modelOf(model),
          max_output_tokens: model.maxOutputTokens,
          capabilities: { tools: true, images: true, prompt_caching: true },
        })),
      }),
      steps: stepsOf(target),
    },
    {
      id: 'openai',
      title: 'Over the OpenAI API',
      api: 'Chat Completions',
      file: fileOf(['language_models', 'openai_compatible', 'Claude'], {
        api_url: openAiBase(target),
        available_models: target.models.map((model) => ({
          ...modelOf(model),
          max_output_tokens: model.maxOutputTokens,
          capabilities: { tools: true, images: true, parallel_tool_calls: true, prompt_cache_key: false },
        })),
      }),
      steps: stepsOf(target),
    },
  ],
  notes: [
    'Zed takes the key from its own settings or from `CLAUDE_API_KEY`; a Zed that was not started from a shell ' +
      'does not see that variable.',
    'Images and prompt caching are off unless a model names them.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};

const fileOf = (path: readonly string[], value: Json) => ({
  locations: (machine: Parameters<typeof configHome>[0]) => [
    `${machine.platform === 'darwin' ? `${machine.home}/.config` : configHome(machine)}/zed/settings.json`,
  ],
  format: 'json' as const,
  entries: [{ path, value }],
});

const modelOf = ({ id, name, contextTokens }: ClientModel) => ({
  name: id,
  display_name: name,
  max_tokens: contextTokens,
});

const stepsOf = ({ keyEnv }: Target): readonly string[] => [
  keyEnv === undefined ? '`CLAUDE_API_KEY=any zed`' : `\`CLAUDE_API_KEY="$${keyEnv}" zed\``,
];
