import { keyFor, openAiBase, type Client, type Json, type Target } from '../../client.ts';
import type { ClientModel } from '../../models.ts';

export const continueDev: Client = {
  id: 'continue',
  name: 'Continue',
  documentation: 'https://docs.continue.dev/reference',
  detect: { commands: ['cn'], paths: ({ home }) => [`${home}/.continue`] },
  variants: (target) => [
    {
      id: 'openai',
      title: 'Over the OpenAI API',
      api: 'Chat Completions',
      file: fileOf(target, { provider: 'openai', apiBase: openAiBase(target) }),
    },
    {
      id: 'anthropic',
      title: 'Over the Anthropic API',
      api: 'Messages',
      file: fileOf(target, { provider: 'anthropic', apiBase: `${openAiBase(target)}/` }),
    },
  ],
  notes: [
    'Without `name`, `version` and `schema` Continue does not load the file.',
    'Continue reads keys from its own secrets (`~/.continue/.env`), not from the shell.',
  ],
  tested: { how: 'schema', version: 'config-yaml 1.42.0', date: '2026-11-24' },
};

const fileOf = (target: Target, form: { provider: string; apiBase: string }) => ({
  locations: ({ home }: { home: string }) => [`${home}/.continue/config.yaml`],
  format: 'yaml' as const,
  entries: [
    { path: ['name'], value: 'Claude', keepExisting: 'each' },
    { path: ['version'], value: '1.0.0', keepExisting: 'each' },
    { path: ['schema'], value: 'v1', keepExisting: 'each' },
    ...target.models.map((model) => ({ path: ['models'], by: 'name', item: modelOf(model, target, form) })),
  ] as const,
});

const modelOf = (
  { id, name, contextTokens, maxOutputTokens }: ClientModel,
  target: Target,
  { provider, apiBase }: { provider: string; apiBase: string },
): Readonly<Record<string, Json>> => ({
  name,
  provider,
  model: id,
  apiBase,
  apiKey: keyFor(target, (variable) => `\${{ secrets.${variable} }}`),
  roles: ['chat', 'edit', 'apply'],
  capabilities: ['tool_use', 'image_input'],
  defaultCompletionOptions: { contextLength: contextTokens, maxTokens: maxOutputTokens },
});
