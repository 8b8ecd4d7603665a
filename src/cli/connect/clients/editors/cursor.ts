import { keyInWords, openAiBase, type Client, type Target } from '../../client.ts';

export const cursor: Client = {
  id: 'cursor',
  name: 'Cursor',
  documentation: 'https://cursor.com/docs/settings/api-keys',
  detect: { commands: ['cursor'], paths: ({ home }) => [`${home}/.cursor`] },
  variants: (target) => [
    {
      id: 'settings',
      title: 'In Cursor, with a public address of this server',
      api: 'Chat Completions',
      steps: [
        ...(isPrivate(target.url) ? WAYS : []),
        'In Cursor: Settings, **Models**, **API Keys**',
        `**Override OpenAI Base URL** ` +
          `\`${isPrivate(target.url) ? 'https://your-address/v1' : openAiBase(target)}\`, **OpenAI API Key** ` +
          `\`${isPrivate(target.url) ? 'your PROXY_API_KEY' : keyInWords(target)}\`, **Verify**`,
        '**Add model** `sonnet` (and `opus`, `haiku`), and choose it',
      ],
    },
  ],
  notes: [
    'For an effort add `sonnet(high)` or `opus(low)` as a model: Cursor has no other way to set one.',
    'Its agent writes requests in three shapes, by the model’s name; all three are taken.',
    'Cursor’s own servers call the base URL, not your machine: `127.0.0.1` and private addresses do not work ' +
      'there. So it needs a public HTTPS address, and a public address needs a `PROXY_API_KEY`.',
    'What you send goes through Cursor’s servers. Tab and inline edit never use the base URL.',
    'The URL is one for all models: take it out again to use Cursor’s own GPT models.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};

const WAYS: readonly string[] = [
  'Give this server a public address, in one of these ways:\n   - on this machine, for a try: `PROXY_API_KEY=… ' +
    'opencode-claude-proxy start --tunnel`, with cloudflared, Tailscale or ngrok installed; it prints the ' +
    'address\n   - for good: `opencode-claude-proxy deploy` (Cloudflare, scales to zero), or any host with HTTPS ' +
    '([deployment](DEPLOYMENT.md))',
];

/** Whether Cursor's servers cannot reach it. */
export const isPrivate = (url: Target['url']): boolean =>
  !url.startsWith('https://') ||
  /^https:\/\/(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[)/u.test(url);
