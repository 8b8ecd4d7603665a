import { keyFor, openAiBase, type Client } from '../../client.ts';

export const libreChat: Client = {
  id: 'librechat',
  name: 'LibreChat',
  documentation: 'https://www.librechat.ai/docs/configuration/librechat_yaml/object_structure/custom_endpoint',
  detect: {},
  variants: (target) => [
    {
      id: 'config',
      title: 'In the folder of LibreChat',
      api: 'Chat Completions',
      file: {
        locations: () => ['librechat.yaml'],
        format: 'yaml',
        entries: [
          { path: ['version'], value: '1.3.1', keepExisting: 'each' },
          {
            path: ['endpoints', 'custom'],
            by: 'name',
            item: {
              name: 'Claude',
              apiKey: keyFor(target, (name) => `\${${name}}`),
              baseURL: openAiBase(target),
              models: { default: ['sonnet', 'opus', 'haiku'], fetch: true },
              titleConvo: true,
              titleModel: 'haiku',
              modelDisplayLabel: 'Claude',
            },
          },
        ],
      },
      steps: ['Restart LibreChat'],
    },
  ],
  notes: [
    'From its container this machine is `host.docker.internal`: start the server with ' +
      '`ALLOWED_HOSTS=host.docker.internal`.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
