import { keyInShell, openAiBase, type Client } from '../../client.ts';

export const aider: Client = {
  id: 'aider',
  name: 'aider',
  documentation: 'https://aider.chat/docs/llms/openai-compat.html',
  detect: { commands: ['aider'], paths: ({ home }) => [`${home}/.aider.conf.yml`] },
  variants: (target) => [
    {
      id: 'shell',
      title: 'For one shell',
      api: 'Chat Completions',
      environment: { OPENAI_API_BASE: openAiBase(target), OPENAI_API_KEY: keyInShell(target) },
      steps: ['`aider --model openai/sonnet --weak-model openai/haiku`'],
    },
    {
      id: 'config',
      title: 'For every session of this user; the key stays in `OPENAI_API_KEY`',
      api: 'Chat Completions',
      file: {
        locations: ({ home }) => [`${home}/.aider.conf.yml`],
        format: 'yaml',
        entries: [
          { path: ['openai-api-base'], value: openAiBase(target) },
          { path: ['model'], value: 'openai/sonnet', keepExisting: 'all' },
          { path: ['weak-model'], value: 'openai/haiku', keepExisting: 'all' },
        ],
      },
    },
  ],
  notes: [
    'The `openai/` in front of a name tells aider which API to use; the server does not see it.',
    'aider warns of an unknown context window; that is harmless, and `--no-show-model-warnings` hides it.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
