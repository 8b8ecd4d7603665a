/** The one Durable Object that keeps the login, encrypted, and lends the refresh token to one instance at a time. */
import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../env.ts';
import { logEvent } from '../log.ts';
import {
  isNewer,
  leaseFor,
  loginOf,
  offerOf,
  withoutRefreshToken,
  type CurrentLogin,
  type LoginLease,
  type Login,
  type Offer,
} from './login.ts';
import { createCipher, digestOf, type Cipher } from './encryption.ts';

const LOCATION = 'LoginKeeper|kv|login';

interface Kept {
  /** Digest of the secret that the login descends from: with another secret it is worthless. */
  readonly secret: string;
  readonly sealed: ArrayBuffer;
}

/** A lease is of one secret's login. */
type KeptLease = LoginLease & Pick<Kept, 'secret'>;

export class LoginKeeper extends DurableObject<Env> {
  #secret = '';
  readonly #cipher: Promise<Cipher>;
  #login: Login | undefined;
  #lease: LoginLease | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#cipher = createCipher(env.STATE_KEY ?? '', LOCATION);
    void ctx.blockConcurrencyWhile(async () => {
      this.#secret = await digestOf(env.CLAUDE_OAUTH_CREDS ?? '');
      this.#login = (await this.#stored()) ?? loginOf(env.CLAUDE_OAUTH_CREDS ?? '');
      const lease = ctx.storage.kv.get<KeptLease>('lease');
      this.#lease = lease?.secret === this.#secret ? lease : undefined;
    });
  }

  /** What works now, as far as anyone knows; without the refresh token. */
  current(): CurrentLogin {
    return { text: withoutRefreshToken(this.#known().text), secret: this.#secret };
  }

  /** What `instance` may use for its next turn; a `refresh` is a lease. */
  offer(instance: string): Offer {
    const login = this.#known();
    const asking = { instance, now: Date.now(), secret: this.#secret };
    const offer = offerOf(login, this.#lease, asking);
    if (offer.kind === 'refresh') this.#setLease(leaseFor(asking));
    return offer;
  }

  /**
   * Takes what an instance's Claude Code has made of the login; true when it is newer than what is kept, and of the
   * same secret.
   */
  async bring(instance: string, { text, secret }: CurrentLogin): Promise<boolean> {
    const brought = loginOf(text);
    if (secret !== this.#secret || !isNewer(brought, this.#known())) return false;
    this.#login = brought;
    const kept: Kept = { secret, sealed: await (await this.#cipher).encrypt(text) };
    this.ctx.storage.kv.put('login', kept);
    this.giveBack(instance);
    return true;
  }

  giveBack(instance: string): void {
    if (this.#lease?.holder === instance) this.#setLease(undefined);
  }

  async #stored(): Promise<Login | undefined> {
    const kept = this.ctx.storage.kv.get<Kept>('login');
    if (kept === undefined || kept.secret !== this.#secret) return undefined;
    try {
      return loginOf(await (await this.#cipher).decrypt(kept.sealed));
    } catch (error) {
      logEvent('kept login not opened, the deployed one is used: was STATE_KEY replaced?', {
        level: 'error',
        err: String(error),
      });
      return undefined;
    }
  }

  // Throws when the deployed secret is no credentials file.
  #known(): Login {
    if (this.#login === undefined)
      throw new Error('the secret CLAUDE_OAUTH_CREDS is not the JSON of a credentials file');
    return this.#login;
  }

  #setLease(lease: LoginLease | undefined): void {
    this.#lease = lease;
    if (lease === undefined) this.ctx.storage.kv.delete('lease');
    else this.ctx.storage.kv.put<KeptLease>('lease', { ...lease, secret: this.#secret });
  }
}
