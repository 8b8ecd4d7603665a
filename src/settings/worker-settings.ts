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
    'Number of instances. Keep it at half of `max_instances` in wrangler.jsonc: instances that are being ' +
      'replaced count too.',
  ),
  HOMES: setting(
    whole(1),
    '1',
    'Instances that take new conversations while none is full. 1 keeps a small load in one container.',
  ),
  GENERATION: setting(
    text,
    'g1',
    'Changing it gives every instance a new Durable Object and abandons the old ones, for example one that is stuck.',
  ),
  INSTANCE_CAPACITY: setting(
    whole(1),
    '16',
    'Requests that may be open in an instance before new conversations go to another. The server there runs as ' +
      'many turns.',
  ),
  END_WITHIN_MS: setting(
    milliseconds(1),
    '60000',
    'How long a container without running answers may take to end before it is killed.',
  ),
  SLEEP_AFTER_S: setting(decimalSeconds(0), '600', 'Seconds without a request after which a container is stopped.'),
  START_WAIT_MS: setting(milliseconds(1), '60000', 'How long a request waits for a container that starts.'),
  LIFE_SIGN_AFTER_MS: setting(
    milliseconds(0),
    '1000',
    'How long a stream waits for its container before the client gets headers and a keepalive.',
  ),
  LIFE_SIGN_EVERY_MS: setting(milliseconds(1), '5000', 'Time between two keepalives while the container starts.'),
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
