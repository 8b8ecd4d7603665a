/** Names in `.env` files that nothing reads. An environment may have anything in it, such a file is for this server. */
import { lookalikes } from '../node/lookalikes.ts';
import { serverSettings } from '../settings/server-settings.ts';
import { workerSettings } from '../settings/worker-settings.ts';
import type { Source } from './environment.ts';

/** Logins, clouds, and what Node, Claude Code and OpenTelemetry read themselves. */
const OTHERS = new RegExp(
  [
    '^(ANTHROPIC|CLAUDE|AWS|GOOGLE|GCLOUD|CLOUD_ML|VERTEX|AZURE|OTEL|NODE|SSL|LC|XDG|npm_config)_',
    '^(https?|no|all)_proxy$',
    '^(TZ|LANG|PATH|HOME|TMPDIR|CI|NO_COLOR|FORCE_COLOR|WRANGLER|STATE_KEY|PROXY_URL|BOOTSTRAP_KEY)$',
  ].join('|'),
  'iu',
);

export interface UnknownSetting {
  readonly name: string;
  /** The file. */
  readonly from: string;
}

export const unknownSettings = (sources: readonly Source[]): readonly UnknownSetting[] =>
  sources
    .filter(({ from }) => from.endsWith('.env'))
    .flatMap(({ from, values }) => {
      const misspelt = new Set(lookalikes(values).map(({ name }) => name));
      return Object.keys(values)
        .filter(
          (name) => !(name in serverSettings || name in workerSettings || OTHERS.test(name) || misspelt.has(name)),
        )
        .map((name) => ({ name, from }));
    });
