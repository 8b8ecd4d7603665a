import { keyInShell, keyInWords, openAiBase, type Client } from '../../client.ts';

export const openHands: Client = {
  id: 'openhands',
  name: 'OpenHands',
  documentation: 'https://docs.openhands.dev/openhands/usage/llms/openai-llms',
  detect: { commands: ['openhands'], paths: ({ home }) => [`${home}/.openhands`] },
  variants: (target) => [
    {
      id: 'settings',
      title: 'In the application',
      api: 'Chat Completions',
      steps: [
        'Settings, **LLM**, **Advanced**',
        `**Custom Model** \`openai/sonnet\`, **Base URL** \`${openAiBase(target)}\`, **API Key** ` +
          `\`${keyInWords(target)}\``,
      ],
    },
    {
      id: 'shell',
      title: 'Without an interface',
      api: 'Chat Completions',
      environment: { LLM_MODEL: 'openai/sonnet', LLM_BASE_URL: openAiBase(target), LLM_API_KEY: keyInShell(target) },
    },
  ],
  notes: [
    'From its container this machine is `host.docker.internal`: start the server with ' +
      '`ALLOWED_HOSTS=host.docker.internal`, and where the container cannot reach loopback with `HOST=0.0.0.0` ' +
      'and a `PROXY_API_KEY`.',
  ],
  tested: { how: 'by hand', version: 'SDK 1.58', date: '2026-11-23' },
};
