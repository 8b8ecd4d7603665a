/** The log: JSON lines on standard output. What may hold a secret is left out, even if someone logs it by mistake. */
import { pino, type Logger } from 'pino';
import { capped, cappedText } from '../util/capped.ts';
import type { Redact } from '../util/redact.ts';
import type { Config } from '../settings/server-settings.ts';

const secrets = [
  'authorization',
  'x-api-key',
  'apiKey',
  'token',
  'accessToken',
  'refreshToken',
  'credentialsJson',
  'env',
  'headers',
  'body',
];

export const createLog = ({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>, redact: Redact): Logger =>
  pino(
    {
      level: LOG_LEVEL,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => capped(fields) as Record<string, unknown>,
      },
      serializers: { err: (error: Error) => capped({ ...pino.stdSerializers.err(error) }) },
      redact: { paths: secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[not logged]' },
      // A text may repeat a secret, such as an upstream's error that quotes the key.
      hooks: {
        streamWrite: redact,
        logMethod(args, method) {
          method.apply(this, args.map((arg) => (typeof arg === 'string' ? cappedText(arg) : arg)) as typeof args);
        },
      },
    },
    // Written at once, as `console` does it: lines keep their order, and the last ones before an end are not lost.
    pino.destination({ fd: 1, sync: true }),
  );
