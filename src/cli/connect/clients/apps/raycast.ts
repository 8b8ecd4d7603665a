import { keyFor, openAiBase, type Client } from '../../client.ts';

export const raycast: Client = {
  id: 'raycast',
  name: 'Raycast',
  documentation: 'https://manual.raycast.com/ai/custom-providers',
  detect: {
    paths: ({ platform, home }) => [
      ...(platform === 'darwin' ? ['/Applications/Raycast.app'] : []),
      `${home}/.config/raycast`,
    ],
  },
  variants: (target) => [
    {
      id: 'config',
      title: 'Custom providers of Raycast AI',
      api: 'Chat Completions',
      file: {
        locations: ({ home }) => [`${home}/.config/raycast/ai/providers.yaml`],
        format: 'yaml',
        entries: [
          {
            path: ['providers'],
            by: 'id',
            item: {
              id: 'claude-proxy',
              name: 'Claude',
              base_url: openAiBase(target),
              api_keys: { claude: keyFor(target, (name) => name) },
              models: target.models.map(({ id, name, contextTokens, temperature }) => ({
                id,
                name,
                provider: 'claude',
                context: contextTokens,
                abilities: {
                  temperature: { supported: temperature },
                  vision: { supported: true },
                  system_message: { supported: true },
                  tools: { supported: true },
                },
              })),
            },
          },
        ],
      },
      steps: ['Raycast settings, **AI**, **Custom Providers**: on'],
    },
  ],
  notes: ['In `api_keys` stands the key, or the name of a variable that Raycast sees.'],
  tested: { how: 'documentation', date: '2026-11-24' },
};
