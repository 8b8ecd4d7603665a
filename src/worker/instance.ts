/**
 * One instance: a Durable Object and its container, the home of the conversations that hash to its
 * name. It decides who is served here, keeps the container awake while a body is open, and stops it
 * when nothing has been asked for a while.
 */
import { DurableObject } from 'cloudflare:workers';
import { dialects } from '../dialects/index.ts';
import { bootstrap, containerLogin, newBootstrapKey } from './bootstrap.ts';
import { ContainerLife, type RawContainer } from './container.ts';
import type { DownReason } from './container-errors.ts';
import { containerSettings, settingsOf, type Env, type WorkerSettings } from './env.ts';
import { forward } from './forward.ts';
import { routedOf, verdictResponse, type InstanceStatus, type Routed } from './internal.ts';
import { logEvent } from './log.ts';
import { LoginSync } from './login-sync.ts';
import { OpenRequests } from './open-requests.ts';
import { createPlaceBook, type PlaceBook } from './place-book.ts';
import { place } from './places.ts';
import { instanceNames } from './rendezvous.ts';
import { createVoice } from './voice.ts';

/** A server that was told to end has so long; it has no open request then. */
const STOP_GRACE_MS = 30_000;
const MOST_WARM = 10_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class ProxyInstance extends DurableObject<Env> {
  readonly #settings: WorkerSettings;
  readonly #names: readonly string[];
  readonly #open = new OpenRequests(Date.now);
  readonly #places: PlaceBook;
  readonly #life: ContainerLife;
  readonly #login: LoginSync | undefined;
  /** Conversations that the running container has served. */
  readonly #warm = new Set<string>();
  #self = '';

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#names = instanceNames(this.#settings.generation, this.#settings.instances);
    this.#places = createPlaceBook(ctx.storage.sql, Date.now);
    this.#life = new ContainerLife({
      raw: rawContainer(ctx),
      sleep,
      now: Date.now,
      environment: () => this.#newEnvironment(),
      prepare: () => this.#prepare(),
      onExit: (reason) => this.#exited(reason),
    });
    this.#login = env.CLAUDE_OAUTH_CREDS ? this.#loginSync() : undefined;
  }

  override async fetch(request: Request): Promise<Response> {
    const routed = routedOf(request);
    this.#self = routed.self;
    const verdict = this.#place(routed);
    if (verdict !== undefined) return verdict;
    this.#hold(routed.conversation);
    const ticket = this.#open.enter();
    await this.#armSleep();
    return forward(request, {
      life: this.#life,
      voice: createVoice(dialects[routed.dialect], routed.requestId),
      ticket,
      stream: routed.stream,
      timing: this.#settings,
      sleep,
      explain: (reason) => this.#explain(reason),
      beforeTurn: async () => this.#login?.beforeTurn(),
      onProgress: (what) => this.ctx.waitUntil(this.#progress(what)),
    });
  }

  /** Looks whether the container may sleep; ends one that did not end when asked. */
  override async alarm(): Promise<void> {
    if (!this.#life.running) return;
    const idleMs = this.#open.idleMs();
    if (this.#life.state === 'stopping' && idleMs > 0) {
      logEvent('container killed', { instance: this.#self });
      return this.#life.kill();
    }
    const left = this.#settings.sleepAfterMs - idleMs;
    if (left > 0) return this.ctx.storage.setAlarm(Date.now() + left);
    await this.#login?.onEnd();
    this.#life.stop();
    await this.ctx.storage.setAlarm(Date.now() + STOP_GRACE_MS);
  }

  /** Wakes nothing. */
  status(): InstanceStatus {
    return { state: this.#life.state, open: this.#open.size, conversations: this.#warm.size };
  }

  #place(routed: Routed): Response | undefined {
    const { conversation } = routed;
    const room = { names: this.#names, open: this.#open.size, capacity: this.#settings.capacity, warm: this.#warm.has(conversation) };
    const placement = place(routed, room, routed.role === 'home' ? this.#places.get(conversation) : undefined);
    if (placement.kind === 'here') return undefined;
    if (placement.kind !== 'send') return verdictResponse(placement);
    this.#places.put(conversation, placement.name);
    return verdictResponse({ kind: 'elsewhere', name: placement.name });
  }

  #hold(conversation: string): void {
    this.#warm.delete(conversation);
    this.#warm.add(conversation);
    const [oldest] = this.#warm;
    if (this.#warm.size > MOST_WARM && oldest !== undefined) this.#warm.delete(oldest);
  }

  // One alarm for the whole time awake, not one per request: writes are billed.
  async #armSleep(): Promise<void> {
    const [alarm, latest] = [await this.ctx.storage.getAlarm(), Date.now() + this.#settings.sleepAfterMs];
    if (alarm === null || alarm > latest) await this.ctx.storage.setAlarm(latest);
  }

  #newEnvironment(): Record<string, string> {
    const key = newBootstrapKey();
    this.ctx.storage.kv.put('bootstrapKey', key);
    return { BOOTSTRAP_KEY: key };
  }

  readonly #key = (): string => this.ctx.storage.kv.get<string>('bootstrapKey') ?? '';

  async #prepare(): Promise<void> {
    const credentials = await this.#login?.forStart();
    await bootstrap(this.#life.fetch, this.#key(), {
      settings: containerSettings(this.env),
      ...(credentials !== undefined && { credentials }),
    });
    if (this.ctx.storage.kv.get('served') === undefined) this.ctx.storage.kv.put('served', true);
    logEvent('container ready', { instance: this.#self });
  }

  #exited(reason: DownReason): void {
    this.#warm.clear();
    logEvent('container ended', { instance: this.#self, reason });
  }

  // The platform says the same for "all are taken" and "not distributed yet".
  #explain(reason: DownReason): DownReason {
    return reason === 'no_instance' && this.ctx.storage.kv.get('served') === undefined ? 'provisioning' : reason;
  }

  async #progress(what: 'headers' | 'end'): Promise<void> {
    try {
      await (what === 'headers' ? this.#login?.onHeaders() : this.#login?.onEnd());
    } catch (error) {
      logEvent('login not brought back', { instance: this.#self, error: String(error) });
    }
  }

  #loginSync(): LoginSync {
    return new LoginSync({
      keeper: this.env.LOGIN.getByName('login'),
      container: containerLogin(this.#life.fetch, this.#key),
      instance: () => this.#self,
      now: Date.now,
      sleep,
    });
  }
}

const rawContainer = (ctx: DurableObjectState): RawContainer => {
  if (ctx.container === undefined) throw new Error('no container belongs to this Durable Object class: see `containers` in wrangler.jsonc');
  return ctx.container;
};
