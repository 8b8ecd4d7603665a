/** The settings of the Worker. Rows that it shares with the server are the server's own. */
import { setting, type SettingsTable, type SettingValues } from './parse-settings.ts';
import { serverSettings } from './server-settings.ts';
import { decimalSeconds, flag, milliseconds, text, whole } from './setting-types.ts';

const { PROXY_API_KEY, CORS_ORIGINS, MODEL_MAP, MODEL_UNKNOWN, MODEL_TRACK, MAX_BODY_BYTES, DRAIN_TIMEOUT_MS } =
  serverSettings;

/** Settings that only the Worker reads; all others go to the server in the container. */
export const edgeSettings = {
  ALLOW_NO_KEY: setting(flag, '0', '1 serves without a key. Whoever finds the address then spends your money.'),
  INSTANCES: setting(
    whole(1),
    '4',
    'Instances that exist; half of `max_instances` in wrangler.jsonc, so that one that is being replaced has room.',
  ),
  HOMES: setting(
    whole(1),
    '1',
    'Instances that take new conversations before any is full. One keeps a small load in one container.',
  ),
  GENERATION: setting(text, 'g1', 'A new one leaves every Durable Object of the old one behind.'),
  INSTANCE_CAPACITY: setting(
    whole(1),
    '16',
    'Requests that may be open in an instance before new conversations go to another. The server there runs as ' +
      'many turns.',
  ),
  END_WITHIN_MS: setting(
    milliseconds(1),
    '60000',
    'How long a container that was told to end, and has no answer to finish, may take.',
  ),
  SLEEP_AFTER_S: setting(decimalSeconds(0), '600', 'Seconds without a request after which a container is stopped.'),
  START_WAIT_MS: setting(milliseconds(1), '60000', 'How long a request waits for a container that starts.'),
  LIFE_SIGN_AFTER_MS: setting(
    milliseconds(0),
    '1000',
    'How long a stream waits for its container before the client gets headers and a sign of life.',
  ),
  LIFE_SIGN_EVERY_MS: setting(milliseconds(1), '5000', 'Between two signs of life while the container starts.'),
} as const satisfies SettingsTable;

export const workerSettings = {
  PROXY_API_KEY,
  CORS_ORIGINS,
  MODEL_MAP,
  MODEL_UNKNOWN,
  MODEL_TRACK,
  MAX_BODY_BYTES,
  DRAIN_TIMEOUT_MS,
  ...edgeSettings,
} as const satisfies SettingsTable;

export type WorkerConfig = SettingValues<typeof workerSettings>;
