/**
 * The one Durable Object with the database that all instances share: keys, their limits, ledger, stored responses,
 * dashboard logins. Servers in containers send it their statements, and the Worker asks it whose a key is.
 */
import { DurableObject } from 'cloudflare:workers';
import { createKeyRing } from '../../access/keys.ts';
import type { Caller } from '../../access/callers.ts';
import { createNamedKeys, type FoundKey, type NamedKeys } from '../../access/named-keys.ts';
import { createSessions, type Sessions } from '../../access/sessions.ts';
import { connectDurableObject, openDurableObject } from '../../store/database/durable-object.ts';
import { answerSqlite } from '../../store/database/remote-sqlite.ts';
import { createStoreOver, type Store } from '../../store/store.ts';
import { systemClock } from '../../util/clock.ts';
import { settingsOf, type Env } from '../env.ts';
import { workerLog } from '../log.ts';

/** The answer to statements, as `answerSqlite` makes it. */
export interface StatementsAnswer {
  readonly status: number;
  readonly json: string;
}

export class StoreKeeper extends DurableObject<Env> {
  readonly #store: Store;
  readonly #namedKeys: NamedKeys;
  readonly #sessions: Promise<Sessions>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = createStoreOver({
      connect: () => Promise.resolve(openDurableObject(ctx.storage)),
      clock: systemClock,
      log: workerLog,
      // The servers in the containers write, and delete what is too old.
      retention: { ledgerDays: 0, contentDays: 0, responseBytes: 0 },
      responses: { maxBytes: 0, lifetimeMs: 0 },
    });
    this.#store.sweeper.close();
    this.#namedKeys = createNamedKeys({ store: this.#store.keys, clock: systemClock, log: workerLog });
    this.#sessions = this.#createSessions(settingsOf(env).config.PROXY_API_KEY);
  }

  /** Only objects of this project can call it: it has no address. */
  async run(statements: string): Promise<StatementsAnswer> {
    const request = new Request('http://store', { method: 'POST', body: statements });
    const response = await answerSqlite(connectDurableObject(this.ctx.storage), request);
    return { status: response.status, json: await response.text() };
  }

  findKey(presented: string): Promise<FoundKey> {
    return this.#namedKeys.find(presented);
  }

  keyById(id: string): Promise<FoundKey> {
    return this.#namedKeys.byId(id);
  }

  async findSession(id: string): Promise<Caller | undefined> {
    return (await this.#sessions).find(id);
  }

  async startSession(caller: Caller): ReturnType<Sessions['start']> {
    return (await this.#sessions).start(caller);
  }

  async endSession(id: string): Promise<void> {
    await (await this.#sessions).end(id);
  }

  async #createSessions(ownerKeys: readonly string[]): Promise<Sessions> {
    const keys = await createKeyRing(ownerKeys);
    return createSessions({ keys, namedKeys: this.#namedKeys, store: this.#store, clock: systemClock });
  }
}
