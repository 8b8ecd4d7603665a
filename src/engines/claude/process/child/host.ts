/**
 * The children of this server: spawned, noted for the next start, tied to the life of this process, and counted when
 * they end.
 */
import type { Log } from '../../../../util/log.ts';
import { Child, type End, type EndReason, type SpawnRecipe } from './child.ts';
import { Lifeline } from './lifeline.ts';
import { Reaper } from './reaper.ts';

export class ProcessHost {
  readonly #log: Log;
  readonly #reaper: Reaper;
  readonly #lifeline: Lifeline;
  /** How many have ended, by reason. */
  readonly ends = new Map<EndReason, number>();
  readonly #children = new Set<Child>();

  constructor(stateDir: string, log: Log) {
    this.#log = log;
    this.#reaper = new Reaper(stateDir, (error) =>
      log.warn({ error: String(error) }, 'could not remove the note of a Claude Code process'),
    );
    const reaped = this.#reaper.reap();
    if (reaped > 0) log.warn({ reaped }, 'ended Claude Code processes that an earlier server left behind');
    this.#lifeline = new Lifeline((error) =>
      log.warn({ error: error.message }, 'children will not end at once should this server be killed'),
    );
  }

  /** Throws `engine_unavailable` when the system has no room for a process. */
  spawn(recipe: SpawnRecipe): Child {
    const child = new Child(recipe);
    this.#children.add(child);
    this.#lifeline.tie(child);
    try {
      this.#reaper.note(child);
    } catch (error) {
      // A full disk, say. The child ends with its stdin all the same, unless it hangs just when the server is killed.
      this.#log.warn({ pid: child.pid, error: String(error) }, 'could not note a Claude Code process');
    }
    void child.ended.then((end) => this.#noteEnd(child, end));
    return child;
  }

  /** Ends every child that nobody has asked to end, and waits for all of them. */
  async close(): Promise<void> {
    for (const child of this.#children) if (!child.leaving) child.kill('closing');
    await Promise.all([...this.#children].map(({ ended }) => ended));
    await this.#lifeline.close();
  }

  #noteEnd(child: Child, end: End): void {
    const { reason, leftBehind } = end;
    const { pid } = child;
    this.#children.delete(child);
    this.ends.set(reason, (this.ends.get(reason) ?? 0) + 1);
    if (isUnexpected(end)) this.#log.warn({ pid, ...end, stderr: child.stderrTail }, 'Claude Code ended');
    else this.#log.debug({ pid, reason }, 'Claude Code ended');
    if (leftBehind !== undefined)
      this.#log.error({ pid, error: leftBehind }, 'could not remove the folder of a Claude Code process');
  }
}

export const isUnexpected = ({ reason }: End): boolean =>
  reason === 'crashed' || reason === 'hung' || reason === 'spawn_failed';
