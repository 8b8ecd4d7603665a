/** Receivers that remember what reaches them, and readers of every place where a secret could come out. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Addresses and bodies of what came; headers carry secrets rightly. */
  readonly received: string[];
}

const listen = async (answer: RequestListener): Promise<{ server: Server; url: string }> => {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const closing = (server: Server) => async (): Promise<void> => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
};

/** Takes everything. */
export const startReceiver = async (status = 200): Promise<Receiver> => {
  const received: string[] = [];
  const { server, url } = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(Buffer.concat(chunks).toString('latin1'));
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  return { url, received, [Symbol.asyncDispose]: closing(server) };
};

/** An API that repeats, in its error, what the headers hold, as some gateways do. */
export const startGossip = async (): Promise<{ readonly url: string } & AsyncDisposable> => {
  const { server, url } = await listen((request, response) => {
    request.resume().on('end', () => {
      const message = `Not with ${Object.values(request.headers).join(' ')}`;
      const error = { type: 'invalid_request_error', message };
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ type: 'error', error }));
    });
  });
  return { url, [Symbol.asyncDispose]: closing(server) };
};

/** Every file below, as text; without those that hold a login by purpose. */
export const filesBelow = (folder: string, except: RegExp): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !except.test(entry.name))
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path, readFileSync(path, 'latin1')]),
  );

/** The arguments of a process and of all below it. */
export const argumentsBelow = (pid: number): readonly string[] => {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '), ...children.flatMap(argumentsBelow)];
};

export interface Ran {
  readonly code: number;
  readonly text: string;
}

export const runCli = (args: readonly string[], home: string, env: Record<string, string>): Promise<Ran> =>
  new Promise((settle) => {
    const options = { cwd: home, timeout: 60_000, env: { HOME: home, PATH: process.env['PATH'], ...env } };
    execFile(process.execPath, [resolve('src/cli/main.mjs'), ...args], options, (error, out, err) =>
      settle({ code: error === null ? 0 : Number(error.code), text: out + err }),
    );
  });
