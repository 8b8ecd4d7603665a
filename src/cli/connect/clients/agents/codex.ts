import { openAiBase, type Client } from '../../client.ts';

/** Codex takes a key from the environment only. */
const KEY = 'CLAUDE_PROXY_KEY';

export const codex: Client = {
  id: 'codex',
  name: 'Codex',
  documentation: 'https://developers.openai.com/codex/config-advanced',
  detect: { commands: ['codex'], paths: ({ home }) => [`${home}/.codex`] },
  variants: (target) => [
    {
      id: 'config',
      title: 'Codex 0.156 or later',
      api: 'Responses',
      file: {
        locations: ({ home, env }) => [`${env['CODEX_HOME'] || `${home}/.codex`}/config.toml`],
        format: 'toml',
        entries: [
          { path: ['model'], value: 'sonnet', keepExisting: 'all' },
          { path: ['model_provider'], value: 'claude', keepExisting: 'all' },
          {
            path: ['model_providers', 'claude'],
            value: {
              name: 'Claude',
              base_url: openAiBase(target),
              env_key: target.keyEnv ?? KEY,
              wire_api: 'responses',
              model_catalog_url: `${openAiBase(target)}/models`,
            },
          },
          { path: ['features', 'api_key_model_discovery'], value: true },
        ],
      },
      steps: [target.keyEnv === undefined ? `\`${KEY}=any codex\`` : '`codex`'],
    },
  ],
  notes: [
    'Where `model` or `model_provider` is set already it stays; for one session: `codex -c model_provider=claude ' +
      '-m sonnet`.',
    'From the catalog Codex knows the windows and efforts of the models and offers its own `apply_patch`; without ' +
      'it, it warns of missing metadata.',
    '`/status` shows the windows of your Claude plan, as far as Claude Code tells them.',
    'Claude searches the web only where Codex’s own setting is `web_search = "live"`.',
  ],
  tested: { how: 'run', version: '0.169.0', date: '2026-11-24' },
};
