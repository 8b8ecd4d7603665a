/** `start --tunnel`: an installed program gives the server a public address for as long as it runs. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { CliError } from '../cli-error.ts';
import { PROGRAMS, tunnelPrograms, type TunnelProgram } from './programs.ts';

export interface Tunnel {
  /** `https://…`, without a slash at the end. */
  readonly url: string;
  readonly program: TunnelProgram['name'];
  readonly close: () => Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Before the server starts: whoever has the address could use a server without a key. Throws `CliError`. */
export const chooseTunnel = (wanted: string | true, env: Env): TunnelProgram => {
  if (!env['PROXY_API_KEY'])
    throw new CliError(
      'A public address needs a key, or anybody could use your Claude. Set PROXY_API_KEY, for example:\n' +
        '  PROXY_API_KEY="$(openssl rand -hex 24)" opencode-claude-proxy start --tunnel',
    );
  const installed = tunnelPrograms(env);
  const names = PROGRAMS.map(({ name }) => name);
  if (wanted !== true && !names.some((name) => name === wanted))
    throw new CliError(`--tunnel takes one of ${names.join(', ')}, or nothing for the one that is installed.`, 2);
  const found = wanted === true ? installed[0] : installed.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const missing = wanted === true ? `None of ${names.join(', ')} is installed.` : `${wanted} is not installed.`;
  throw new CliError(`${missing} cloudflared needs no account: ${HOW_TO_INSTALL}`);
};

const HOW_TO_INSTALL = 'https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/';
const ADDRESS_WITHIN_MS = 60_000;
const END_WITHIN_MS = 5_000;

interface Opening {
  readonly port: number;
  readonly env: Env;
  /** The program has ended by itself: the address leads nowhere. */
  readonly onLost: () => void;
}

/** Throws `CliError` with the output of the program where it gives no address. */
export const openTunnel = async (program: TunnelProgram, { port, env, onLost }: Opening): Promise<Tunnel> => {
  const child = spawn(program.name, program.args(port), {
    env: environmentFor(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  const endWithServer = (): void => void child.kill('SIGTERM');
  process.once('exit', endWithServer);
  void ended.then(() => process.off('exit', endWithServer));
  try {
    const url = await addressOf(child, program.address);
    let closing = false;
    void ended.then(() => {
      if (!closing) onLost();
    });
    const close = (): Promise<void> => {
      closing = true;
      return end(child, ended);
    };
    return { url, program: program.name, close };
  } catch (error) {
    await end(child, ended);
    throw new CliError(`${program.name} gave no address: ${(error as Error).message}`);
  }
};

/** Reads on after the address, or the program would block on a full pipe. */
const addressOf = (child: ChildProcess, address: RegExp): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let output = '';
  const timer = setTimeout(() => reject(new Error(`nothing within a minute. ${lastLines(output)}`)), ADDRESS_WITHIN_MS);
  let open = 2;
  child.once('error', reject);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000);
      const [url] = address.exec(output) ?? [];
      if (url !== undefined) resolve(url);
    });
    stream?.on('close', () => {
      open -= 1;
      if (open === 0) reject(new Error(lastLines(output) || 'it ended at once.'));
    });
  }
  return promise.finally(() => clearTimeout(timer));
};

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' | ');

const end = async (child: ChildProcess, ended: Promise<void>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
  await ended;
  clearTimeout(timer);
};

/** The program gets its own settings and none of the logins and keys of the server. */
const environmentFor = (env: Env): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries({ ...process.env, PATH: env['PATH'] }).filter(([name]) =>
      /^(?:PATH|HOME|USER|LOGNAME|LANG|TMPDIR|(?:LC|XDG|NGROK|TUNNEL|TS|SSL_CERT)_\w+|https?_proxy|no_proxy)$/iu.test(
        name,
      ),
    ),
  );
