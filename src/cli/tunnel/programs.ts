/** Programs that give a server on this machine a public address, and how to find the address in their output. */
import { commandPath } from '../connect/machine.ts';

export interface TunnelProgram {
  readonly name: 'cloudflared' | 'tailscale' | 'ngrok';
  readonly args: (port: number) => readonly string[];
  /** The public address in what it prints. */
  readonly address: RegExp;
}

export const PROGRAMS: readonly TunnelProgram[] = [
  {
    name: 'cloudflared',
    args: (port) => ['tunnel', '--no-autoupdate', '--url', `http://127.0.0.1:${port}`],
    address: /https:\/\/(?!api\.)[a-z0-9-]+\.trycloudflare\.com/u,
  },
  {
    name: 'tailscale',
    args: (port) => ['funnel', String(port)],
    address: /https:\/\/[a-z0-9.-]+\.ts\.net(?=[/\s]|$)/u,
  },
  {
    name: 'ngrok',
    args: (port) => ['http', String(port), '--log', 'stdout', '--log-format', 'logfmt'],
    address: /(?<=\burl=)https:\/\/\S+/u,
  },
];

/** Those that are installed here, the one that needs no account first. */
export const tunnelPrograms = (env: Readonly<Record<string, string | undefined>>): readonly TunnelProgram[] =>
  PROGRAMS.filter(({ name }) => commandPath(name, env) !== undefined);
