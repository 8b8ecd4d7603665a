/**
 * Bounds the connections of clients. Connections that have used a valid key are counted apart from strangers, so silent
 * connections only take room from other strangers, and the process does not run out of files.
 */
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  readonly total: number;
  /** Of the total, those on which no key has been shown yet. */
  readonly strangers: number;
}

/** Above this, one process has other worries than files. */
const MOST = 10_000;

/** `auto` is half of the files that the process may open: the rest is for Claude Code, its pipes and the upstream. */
export const connectionLimits = (setting: number | 'auto', openFiles = openFilesLimit()): ConnectionLimits => {
  const total = setting === 'auto' ? Math.max(16, Math.min(MOST, Math.floor(openFiles / 2))) : setting;
  return { total, strangers: Math.max(1, Math.floor(total / 4)) };
};

/** `ulimit -n`, which Node raises to the hard limit as it starts. */
const openFilesLimit = (): number => {
  const reporter: { excludeNetwork?: boolean; getReport(): object } = process.report;
  // Otherwise it looks up the names of all peers.
  reporter.excludeNetwork = true;
  const report: { userLimits?: { open_files?: { soft?: number | string } } } = reporter.getReport();
  const soft = Number(report.userLimits?.open_files?.soft);
  return Number.isFinite(soft) ? soft : MOST * 2;
};

export interface ConnectionCounts {
  readonly strangers: number;
  readonly known: number;
  /** Of the known ones, those without an open answer. */
  readonly idle: number;
}

type Admission = 'admit' | 'replace-stranger' | 'replace-idle' | 'refuse';

/**
 * What a new connection means for the others. A newcomer may be about to show a key, so it counts more than an old
 * stranger.
 */
export const admissionOf = ({ strangers, known, idle }: ConnectionCounts, limits: ConnectionLimits): Admission => {
  if (strangers < limits.strangers && strangers + known < limits.total) return 'admit';
  if (strangers > 0) return 'replace-stranger';
  return idle > 0 ? 'replace-idle' : 'refuse';
};

interface Connection {
  readonly socket: Socket;
  answers: number;
}

const REFUSAL = [
  'HTTP/1.1 503 Service Unavailable',
  'Connection: close',
  'Retry-After: 1',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #bySocket = new WeakMap<Socket, Connection>();
  // In the order of arrival, as a Set is.
  readonly #strangers = new Set<Connection>();
  readonly #known = new Set<Connection>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  add(socket: Socket): void {
    const admission = this.#admission();
    if (admission === 'refuse') {
      socket.end(REFUSAL);
      socket.destroySoon();
      return;
    }
    if (admission === 'replace-stranger') this.#close(oldest(this.#strangers));
    if (admission === 'replace-idle') this.#close(oldest(this.#known, isIdle));
    const connection: Connection = { socket, answers: 0 };
    this.#bySocket.set(socket, connection);
    this.#strangers.add(connection);
    socket.once('close', () => this.#forget(connection));
  }

  /** A right key was shown on it. */
  trust(socket: Socket): void {
    const connection = this.#bySocket.get(socket);
    if (connection !== undefined && this.#strangers.delete(connection)) this.#known.add(connection);
  }

  /** An answer is open until its last byte was sent; call the returned function then. */
  beginAnswer(socket: Socket): () => void {
    const connection = this.#bySocket.get(socket);
    if (connection !== undefined) connection.answers += 1;
    return () => {
      if (connection !== undefined) connection.answers -= 1;
    };
  }

  hasOpenAnswer(socket: Socket): boolean {
    return (this.#bySocket.get(socket)?.answers ?? 0) > 0;
  }

  #admission(): Admission {
    const { size: strangers } = this.#strangers;
    const { size: known } = this.#known;
    // Idle ones are looked for only where nothing else is left to close.
    const idle = strangers === 0 && known >= this.#limits.total && oldest(this.#known, isIdle) !== undefined ? 1 : 0;
    return admissionOf({ strangers, known, idle }, this.#limits);
  }

  #close(connection: Connection | undefined): void {
    if (connection === undefined) return;
    this.#forget(connection);
    connection.socket.destroy();
  }

  #forget(connection: Connection): void {
    this.#strangers.delete(connection);
    this.#known.delete(connection);
  }
}

const isIdle = ({ answers }: Connection): boolean => answers === 0;

const oldest = (
  connections: ReadonlySet<Connection>,
  wanted: (connection: Connection) => boolean = () => true,
): Connection | undefined => {
  for (const connection of connections) if (wanted(connection)) return connection;
  return undefined;
};
