import { keyInWords, type Client } from '../../client.ts';

export const xcode: Client = {
  id: 'xcode',
  name: 'Xcode',
  documentation: 'https://developer.apple.com/documentation/xcode/setting-up-coding-intelligence',
  detect: { paths: ({ platform }) => (platform === 'darwin' ? ['/Applications/Xcode.app'] : []) },
  variants: (target) => [
    {
      id: 'settings',
      title: 'Xcode 26 or later',
      api: 'Chat Completions',
      steps: [
        'Settings, **Intelligence**, **Add a Model Provider**, **Internet Hosted**',
        `**URL** \`${target.url}\`, **API Key** \`${keyInWords(target)}\`, **API Key Header** \`x-api-key\``,
      ],
    },
  ],
  notes: [
    'The URL is without `/v1`, which Xcode adds.',
    'Claude Agent inside Xcode is a Claude Code of its own, which Apple does not let you redirect in a documented way.',
  ],
  tested: { how: 'documentation', date: '2026-11-24' },
};
