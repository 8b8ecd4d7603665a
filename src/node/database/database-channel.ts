/**
 * The database of a server behind the Worker, seen from the server: its statements go out on a stream that the Worker
 * has opened, and their answers come back as requests. A container can call nobody by itself.
 */
import { durableObjectLimits } from '../../store/database/durable-object.ts';
import type { Database } from '../../store/database/database.ts';
import { openRemoteSqlite } from '../../store/database/remote-sqlite.ts';
import { systemClock, type Clock } from '../../util/clock.ts';

/** Where nobody opens the stream, or answers, for so long, the database is gone. */
const PATIENCE_MS = 10_000;
/** Nothing for minutes ends a connection on some platforms. */
const SIGN_OF_LIFE_MS = 20_000;
const ENDING = 'The server is ending.';

interface Waiting {
  readonly line: string;
  readonly settle: (response: Response) => void;
  readonly fail: (error: Error) => void;
  sent: boolean;
}

export class DatabaseChannel {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #waiting = new Map<string, Waiting>();
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #stopSigns: (() => void) | undefined;
  #count = 0;
  #closed = false;

  constructor(clock: Pick<Clock, 'after'> = systemClock) {
    this.#clock = clock;
  }

  readonly connect = (): Promise<Database> => Promise.resolve(openRemoteSqlite(this.#send, durableObjectLimits));

  /** The stream of statements. One that is opened later takes the place of an earlier one. */
  open(): Response {
    this.#end('The Worker has opened another connection to the database.');
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.#stream = controller;
        // The headers leave with the first bytes.
        this.#signLife();
        for (const waiting of this.#waiting.values()) this.#write(waiting);
      },
      cancel: () => {
        if (this.#stream === own) this.#end('The connection to the database was lost.');
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
  }

  /** False where nobody waits for it any more. */
  answer(id: string, response: Response): boolean {
    const waiting = this.#waiting.get(id);
    waiting?.settle(response);
    return waiting !== undefined;
  }

  close(): void {
    this.#closed = true;
    this.#end(ENDING);
    for (const { fail } of this.#waiting.values()) fail(new Error(ENDING));
  }

  readonly #send = (statements: string): Promise<Response> => {
    if (this.#closed) return Promise.reject(new Error(ENDING));
    const id = String((this.#count += 1));
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const stop = this.#clock.after(PATIENCE_MS, () => waiting.fail(new Error('The database does not answer.')));
    const done = (): void => {
      stop();
      this.#waiting.delete(id);
    };
    const waiting: Waiting = {
      line: `${JSON.stringify({ id, statements })}\n`,
      settle: (response) => (done(), resolve(response)),
      fail: (error) => (done(), reject(error)),
      sent: false,
    };
    this.#waiting.set(id, waiting);
    this.#write(waiting);
    return promise;
  };

  #write(waiting: Waiting): void {
    if (this.#stream === undefined) return;
    waiting.sent = true;
    this.#stream.enqueue(new TextEncoder().encode(waiting.line));
  }

  /** What was sent may have been run or not; what was not sent waits for the next stream. */
  #end(why: string): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#stopSigns?.();
    for (const { sent, fail } of this.#waiting.values()) if (sent) fail(new Error(why));
    try {
      stream?.close();
    } catch {
      // Its reader has gone: it is closed already.
    }
  }

  #signLife(): void {
    this.#stream?.enqueue(new TextEncoder().encode('\n'));
    this.#stopSigns?.();
    this.#stopSigns = this.#clock.after(SIGN_OF_LIFE_MS, () => this.#signLife());
  }
}
