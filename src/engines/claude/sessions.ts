/** The conversations that are held, and the end of those nobody came back to. */
import type { EndReason } from './child.ts';
import type { CliProcess } from './cli-process.ts';
import { Session } from './session.ts';

export interface SessionLimits {
  readonly idleTtlMs: number;
  readonly suspendTtlMs: number;
  /** An idle conversation that was left alone for so long may make room for a spare. */
  readonly quietMs: number;
  readonly now: () => number;
  /** Called when a session no longer runs, so that another may take its process's place, and now and then while any is held. */
  readonly freed: () => void;
}

const SWEEP_MS = 5_000;

export class Sessions {
  readonly #limits: SessionLimits;
  readonly #held = new Map<number, Session>();
  readonly #sweeper: NodeJS.Timeout;
  #nextId = 1;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  add(process: CliProcess): Session {
    const session = new Session(this.#nextId++, process, {
      now: this.#limits.now,
      changed: (changed) => this.#changed(changed),
    });
    this.#held.set(session.id, session);
    return session;
  }

  /** Those that a request may choose from, most recently used first. */
  choosable(): Session[] {
    return [...this.#held.values()].filter(isFree).toSorted((a, b) => b.lastUsed - a.lastUsed);
  }

  get(id: number): Session | undefined {
    return this.#held.get(id);
  }

  count(state: Session['state']): number {
    return this.#held.values().reduce((count, session) => count + Number(session.state === state), 0);
  }

  /** Ends the free session that was least recently used; a waiting tool call is kept longest. */
  evict(): boolean {
    const [first] = this.choosable().toSorted(
      (a, b) => Number(a.state === 'suspended') - Number(b.state === 'suspended') || a.lastUsed - b.lastUsed,
    );
    if (first === undefined) return false;
    this.retire(first, 'evicted');
    return true;
  }

  /** Ends the idle session that was least recently used, if nobody has used it for `quietMs`. */
  evictQuiet(): boolean {
    const quiet = this.choosable().findLast(
      ({ state, lastUsed }) => state === 'idle' && this.#limits.now() - lastUsed >= this.#limits.quietMs,
    );
    if (quiet === undefined) return false;
    this.retire(quiet, 'evicted');
    return true;
  }

  /** Where calls wait, only a kill will do: at the end of its input the CLI answers them itself, and asks the API again. */
  retire(session: Session, reason: EndReason): void {
    if (session.state === 'idle') void session.process.end(reason);
    else session.process.kill(reason);
    session.leave();
  }

  /** Ends what has waited too long; nothing is lost, since any conversation can be replayed. */
  sweep(): void {
    const now = this.#limits.now();
    for (const session of this.choosable()) {
      const ttl = session.state === 'suspended' ? this.#limits.suspendTtlMs : this.#limits.idleTtlMs;
      if (now - session.lastUsed > ttl) this.retire(session, 'idle');
    }
    if (this.#held.size > 0) this.#limits.freed();
  }

  /** Ends them all; turns that still run fail with `draining`. */
  close(): void {
    clearInterval(this.#sweeper);
    for (const session of this.#held.values()) this.retire(session, 'closing');
  }

  #changed(session: Session): void {
    if (session.state === 'ended') this.#held.delete(session.id);
    if (session.state !== 'running') this.#limits.freed();
  }
}

const isFree = ({ state }: Session): boolean => state === 'idle' || state === 'suspended';
