/** A real Postgres on loopback with a directory of its own, for one test file. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chown, globSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

export interface PostgresServer {
  /** The address of an empty database that nobody else uses. */
  newDatabase(): Promise<string>;
  /** As when the machine dies: connections break. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);

export const startPostgres = async (): Promise<PostgresServer> => {
  const bin = programs();
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'store-postgres-'));
  const owner = await ownerOf(dir);
  const data = join(dir, 'data');
  const as = (program: string, args: readonly string[]) =>
    run(join(bin, program), [...args], { ...owner, cwd: dir, env: { LC_ALL: 'C.UTF-8' } });
  await as('initdb', ['--pgdata', data, '--username', 'proxy', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8']);
  const start = async (): Promise<void> => {
    const options = `-c listen_addresses=127.0.0.1 -p ${port} -c unix_socket_directories='' -c fsync=off`;
    await as('pg_ctl', ['start', '--wait', '--pgdata', data, '--log', join(dir, 'log'), '--options', options]);
  };
  const stop = async (): Promise<void> => {
    await as('pg_ctl', ['stop', '--wait', '--pgdata', data, '--mode', 'immediate']);
  };
  await start();
  let count = 0;
  return {
    newDatabase: async () => {
      const name = `case_${(count += 1)}`;
      await query(`postgres://proxy@127.0.0.1:${port}/postgres`, `create database ${name}`);
      return `postgres://proxy@127.0.0.1:${port}/${name}`;
    },
    stop,
    start,
    close: async () => {
      await stop();
      await rm(dir, { recursive: true });
    },
  };
};

const query = async (connectionString: string, text: string): Promise<void> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

const programs = (): string => {
  const initdb = globSync('/usr/lib/postgresql/*/bin/initdb').toSorted().at(-1);
  if (initdb === undefined) throw new Error('Postgres is not installed: run .ci/postgres');
  return join(initdb, '..');
};

/** Postgres refuses to run as root. */
const ownerOf = async (dir: string): Promise<{ uid?: number; gid?: number }> => {
  if (userInfo().uid !== 0) return {};
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  const [uid, gid] = [await id('-u'), await id('-g')];
  await promisify(chown)(dir, uid, gid);
  return { uid, gid };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
