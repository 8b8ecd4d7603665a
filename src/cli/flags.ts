/** The flags of `npm start` and `npm run demo`. They stand for the settings that one gives by hand; the others are in the environment. */
import { parseArgs } from 'node:util';

export type Flags =
  | { readonly kind: 'run'; readonly settings: Readonly<Record<string, string>> }
  /** What was asked for is a text. */
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'wrong'; readonly text: string };

export interface Command {
  /** As it is typed: `npm start`. */
  readonly name: string;
  readonly version: string;
}

export const readFlags = (args: readonly string[], command: Command): Flags => {
  let values: { readonly [Name in 'host' | 'port']?: string } & { readonly help?: boolean; readonly version?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        host: { type: 'string' },
        port: { type: 'string', short: 'p' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    }));
  } catch (error) {
    return { kind: 'wrong', text: `${firstSentence(error)}\n\n${usage(command)}` };
  }
  if (values.help === true) return { kind: 'print', text: usage(command) };
  if (values.version === true) return { kind: 'print', text: command.version };
  return {
    kind: 'run',
    settings: {
      ...(values.host !== undefined && { HOST: values.host }),
      ...(values.port !== undefined && { PORT: values.port }),
    },
  };
};

const usage = ({ name }: Command): string =>
  [
    `Usage: ${name} -- [flags]`,
    '',
    '  --host <address>   address to listen on (HOST); anything but loopback needs PROXY_API_KEY',
    '  -p, --port <port>  port to listen on (PORT); 0 picks a free one',
    '  -h, --help         this text',
    '  -v, --version      the version',
    '',
    'Every other setting comes from the environment or a .env file: docs/CONFIGURATION.md',
  ].join('\n');

/** Node's own explanation goes on with advice about `--` that is about other programs. */
const firstSentence = (error: unknown): string =>
  `${(error instanceof Error ? error.message : String(error)).split('. ')[0]?.replace(/\.$/, '')}.`;
