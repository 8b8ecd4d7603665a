/**
 * Writes the ledger behind the answers: what is recorded waits in memory and is written in batches. A database that is
 * slow, full or gone costs no request anything: the newest entries wait, the oldest are dropped and counted, and health
 * says so until writing works again. A server that is killed loses what came since its last batch, at most
 * `INTERVAL_MS`.
 */
import type { RequestSummary } from '../../turn/request-summary.ts';
import type { Clock } from '../../util/clock.ts';
import type { Log } from '../../util/log.ts';
import { within } from '../../util/timer.ts';
import type { OpenDatabase } from '../connection.ts';
import { describe, isBadData } from '../database/database.ts';
import { insertEntries, ledgerEntry, type LedgerEntry, type RequestContent } from './requests.ts';

export interface RecorderHealth {
  readonly ok: boolean;
  /** Why not, for the owner. */
  readonly reason?: string;
  /** Entries that are not written yet. */
  readonly waiting: number;
  /** Entries that were lost since the start, because writing failed for too long. */
  readonly dropped: number;
}

export interface Recorder {
  /** Takes an entry in and returns at once; never throws. Bodies are given only where LOG_CONTENT is set. */
  record(summary: RequestSummary, content?: RequestContent): void;
  health(): RecorderHealth;
  /** Writes what is waiting, at most for so long; afterwards nothing is recorded any more. */
  close(withinMs: number): Promise<void>;
}

interface Needs {
  readonly open: OpenDatabase;
  readonly clock: Clock;
  readonly log: Log;
}

const INTERVAL_MS = 1_000;
const LARGEST_BATCH = 500;
const MOST_WAITING = 20_000;
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** The wait after a failure doubles up to this. */
const LONGEST_WAIT_MS = 30_000;
/** A ledger that has nothing to write asks this often whether it could. */
const CHECK_MS = 30_000;

export const createRecorder = ({ open }: { readonly open: OpenDatabase }, clock: Clock, log: Log): Recorder =>
  new BatchRecorder({ open, clock, log });

class BatchRecorder implements Recorder {
  readonly #needs: Needs;
  #waiting: LedgerEntry[] = [];
  #inFlight = 0;
  #bytes = 0;
  #dropped = 0;
  #failures = 0;
  #reason: string | undefined;
  #writing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#schedule(CHECK_MS);
  }

  record(summary: RequestSummary, content?: RequestContent): void {
    if (this.#closed) return;
    this.#push([ledgerEntry(summary, content)]);
    if (this.#waiting.length === 1 && this.#writing === undefined && this.#failures === 0) this.#schedule(INTERVAL_MS);
  }

  health(): RecorderHealth {
    const figures = { waiting: this.#waiting.length + this.#inFlight, dropped: this.#dropped };
    return this.#reason === undefined ? { ok: true, ...figures } : { ok: false, reason: this.#reason, ...figures };
  }

  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await within(this.#flush(), withinMs, this.#needs.clock);
    const lost = this.#waiting.length + this.#inFlight;
    if (lost > 0) this.#needs.log.error({ lost }, 'ledger entries were not written');
  }

  async #flush(): Promise<void> {
    await this.#writing;
    while (this.#waiting.length > 0) {
      await this.#writeBatch();
      if (this.#failures > 0) return;
    }
  }

  #schedule(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#needs.clock.after(ms, () => {
      this.#writing = this.#run();
    });
  }

  async #run(): Promise<void> {
    await (this.#waiting.length === 0 ? this.#check() : this.#writeBatch());
    this.#writing = undefined;
    if (!this.#closed) this.#schedule(this.#nextWait());
  }

  #nextWait(): number {
    if (this.#failures > 0) return Math.min(LONGEST_WAIT_MS, INTERVAL_MS * 2 ** (this.#failures - 1));
    if (this.#waiting.length === 0) return CHECK_MS;
    return this.#waiting.length >= LARGEST_BATCH ? 0 : INTERVAL_MS;
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#waiting.splice(0, LARGEST_BATCH);
    this.#inFlight = batch.length;
    this.#bytes -= bytesOf(batch);
    try {
      await write(batch, this.#needs);
      this.#works();
    } catch (error) {
      this.#fails(error);
      this.#putBack(batch);
    } finally {
      this.#inFlight = 0;
    }
  }

  async #check(): Promise<void> {
    try {
      const { db } = await this.#needs.open();
      await db.selectFrom('proxy_schema_versions').select('version').limit(1).execute();
      this.#works();
    } catch (error) {
      this.#fails(error);
    }
  }

  #works(): void {
    if (this.#failures > 0) this.#needs.log.info({ dropped: this.#dropped }, 'the ledger is written again');
    this.#failures = 0;
    this.#reason = undefined;
  }

  #fails(error: unknown): void {
    const { log } = this.#needs;
    this.#failures += 1;
    this.#reason = `The ledger cannot be written: ${describe(error)}`;
    if (this.#failures === 1) log.error({ err: error }, 'the ledger cannot be written; requests go on without it');
  }

  #push(entries: readonly LedgerEntry[]): void {
    this.#waiting.push(...entries);
    this.#bytes += bytesOf(entries);
    this.#dropOldest();
  }

  #putBack(batch: readonly LedgerEntry[]): void {
    this.#waiting = [...batch, ...this.#waiting];
    this.#bytes += bytesOf(batch);
    this.#dropOldest();
  }

  #dropOldest(): void {
    let surplus = Math.max(0, this.#waiting.length - MOST_WAITING);
    let bytes = this.#bytes - bytesOf(this.#waiting.slice(0, surplus));
    while (bytes > MOST_WAITING_BYTES && surplus < this.#waiting.length) {
      bytes -= this.#waiting[surplus]?.bytes ?? 0;
      surplus += 1;
    }
    if (surplus === 0) return;
    this.#waiting.splice(0, surplus);
    this.#bytes = bytes;
    this.#dropped += surplus;
  }
}

const bytesOf = (entries: readonly LedgerEntry[]): number => entries.reduce((sum, { bytes }) => sum + bytes, 0);

/** One entry that the database will never take must not hold up the others: the batch is halved until it is found. */
const write = async (batch: readonly LedgerEntry[], needs: Needs): Promise<void> => {
  const database = await needs.open();
  try {
    await database.batch(insertEntries(database, batch));
  } catch (error) {
    if (!isBadData(error)) throw error;
    const [only] = batch;
    if (batch.length === 1)
      return needs.log.error({ id: only?.row.id, err: error }, 'a ledger entry was refused by the database');
    const half = Math.ceil(batch.length / 2);
    await write(batch.slice(0, half), needs);
    await write(batch.slice(half), needs);
  }
};
