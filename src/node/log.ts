/**
 * The log on standard output: JSON lines, or lines for people on a terminal. What may hold a secret is left out, even
 * if someone logs it by mistake.
 */
import { styleText } from 'node:util';
import { pino, type DestinationStream, type Logger } from 'pino';
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

/** Written at once, as `console` does it: lines keep their order, and the last ones before an end are not lost. */
const output = () => pino.destination({ fd: 1, sync: true });

/** What makes lines for people is loaded only where there are people. */
export const logOutput = async ({ LOG_FORMAT }: Pick<Config, 'LOG_FORMAT'>): Promise<DestinationStream> => {
  const forPeople = LOG_FORMAT === 'pretty' || (LOG_FORMAT === 'auto' && process.stdout.isTTY);
  const lines = output();
  if (!forPeople) return lines;
  const { prettyLine } = await import('./pretty-log.ts');
  const pretty = prettyLine({ colours: styleText('red', '', { stream: process.stdout }) !== '' });
  return { write: (line) => void lines.write(pretty(line)) };
};

export const createLog = (
  { LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>,
  redact: Redact,
  lines: DestinationStream = output(),
): Logger =>
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
    lines,
  );
