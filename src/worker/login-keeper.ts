/** The one Durable Object that keeps the login, sealed, and lends the refresh token to one instance at a time. */
import { DurableObject } from 'cloudflare:workers';
import type { Env } from './env.ts';
import { isNewer, leaseFor, loginOf, offerOf, withoutRefreshToken, type Lease, type Login, type Offer } from './login.ts';
import { createSeal, digestOf, type Seal } from './seal.ts';

const PLACE = 'LoginKeeper|kv|login';

interface Kept {
  /** Digest of the secret that the login descends from: with another secret it is worthless. */
  readonly secret: string;
  readonly sealed: ArrayBuffer;
}

export class LoginKeeper extends DurableObject<Env> {
  readonly #secret: Promise<string>;
  readonly #seal: Promise<Seal>;
  #login: Login | undefined;
  #lease: Lease | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#secret = digestOf(env.CLAUDE_OAUTH_CREDS ?? '');
    this.#seal = createSeal(env.STATE_KEY ?? '', PLACE);
    this.#lease = ctx.storage.kv.get<Lease>('lease');
    void ctx.blockConcurrencyWhile(async () => {
      this.#login = (await this.#stored()) ?? loginOf(env.CLAUDE_OAUTH_CREDS ?? '');
    });
  }

  /** What works now, as far as anyone knows; without the refresh token. */
  current(): string {
    return withoutRefreshToken(this.#known().text);
  }

  /** What `instance` may use for its next turn; a `refresh` is a lease. */
  offer(instance: string): Offer {
    const login = this.#known();
    const asking = { instance, now: Date.now() };
    const offer = offerOf(login, this.#lease, asking);
    if (offer.kind === 'refresh') this.#setLease(leaseFor(asking));
    return offer;
  }

  /** Takes what an instance's Claude Code has made of the login; true when it is newer than what is kept. */
  async bring(instance: string, text: string): Promise<boolean> {
    const brought = loginOf(text);
    if (!isNewer(brought, this.#known())) return false;
    this.#login = brought;
    const kept: Kept = { secret: await this.#secret, sealed: await (await this.#seal).seal(text) };
    this.ctx.storage.kv.put('login', kept);
    this.giveBack(instance);
    return true;
  }

  giveBack(instance: string): void {
    if (this.#lease?.holder === instance) this.#setLease(undefined);
  }

  async #stored(): Promise<Login | undefined> {
    const kept = this.ctx.storage.kv.get<Kept>('login');
    if (kept === undefined || kept.secret !== (await this.#secret)) return undefined;
    return loginOf(await (await this.#seal).open(kept.sealed));
  }

  // Throws when the deployed secret is no credentials file.
  #known(): Login {
    if (this.#login === undefined) throw new Error('the secret CLAUDE_OAUTH_CREDS is not the JSON of a credentials file');
    return this.#login;
  }

  #setLease(lease: Lease | undefined): void {
    this.#lease = lease;
    if (lease === undefined) this.ctx.storage.kv.delete('lease');
    else this.ctx.storage.kv.put('lease', lease);
  }
}
