import { keyInShell, keyInWords, openAiBase, type Client } from '../../client.ts';

export const openWebUi: Client = {
  id: 'open-webui',
  name: 'Open WebUI',
  documentation: 'https://docs.openwebui.com/getting-started/quick-start/starting-with-openai-compatible',
  detect: { commands: ['open-webui'] },
  variants: (target) => [
    {
      id: 'settings',
      title: 'In the application',
      api: 'Chat Completions',
      steps: [
        'Admin Panel, **Settings**, **Connections**, **OpenAI API**, **+**',
        `**URL** \`${openAiBase(target)}\`, **Key** \`${keyInWords(target)}\``,
      ],
    },
    {
      id: 'shell',
      title: 'For its first start',
      api: 'Chat Completions',
      environment: { OPENAI_API_BASE_URLS: openAiBase(target), OPENAI_API_KEYS: keyInShell(target) },
    },
  ],
  notes: [
    'It asks for a title, tags and follow-up questions after each message: choose `haiku` as the **Task Model**.',
    'From its container this machine is `host.docker.internal`: start the server with ' +
      '`ALLOWED_HOSTS=host.docker.internal`.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
