import { keyFor, keyInShell, type Client } from '../../client.ts';

export const claudeCode: Client = {
  id: 'claude-code',
  name: 'Claude Code',
  documentation: 'https://code.claude.com/docs/en/llm-gateway',
  detect: { commands: ['claude'], paths: ({ home }) => [`${home}/.claude`] },
  variants: (target) => [
    {
      id: 'shell',
      title: 'For one shell',
      api: 'Messages',
      environment: { ANTHROPIC_BASE_URL: target.url, ANTHROPIC_AUTH_TOKEN: keyInShell(target) },
      steps: ['`claude`'],
    },
    {
      id: 'settings',
      title: 'For every session of this user',
      api: 'Messages',
      file: {
        locations: ({ home, env }) => [`${env['CLAUDE_CONFIG_DIR'] || `${home}/.claude`}/settings.json`],
        format: 'json',
        entries: [
          { path: ['env', 'ANTHROPIC_BASE_URL'], value: target.url },
          target.keyEnv === undefined
            ? { path: ['env', 'ANTHROPIC_AUTH_TOKEN'], value: 'any' }
            : { path: ['apiKeyHelper'], value: keyFor(target, (name) => `printenv ${name}`) },
        ],
      },
    },
  ],
  notes: [
    'With a refused key it goes on trying for over a minute; `CLAUDE_CODE_MAX_RETRIES=0` shows the reason at once.',
    'The Claude Code that the server itself runs reads none of these settings.',
  ],
  tested: { how: 'run', version: '2.1.330', date: '2026-11-24' },
};
