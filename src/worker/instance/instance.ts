/**
 * One instance: a Durable Object and its container, the home of the conversations that hash to its
 * name. It decides who is served here, keeps the container awake while a body is open, and stops it
 * when nothing has been asked for a while.
 */
import { DurableObject } from 'cloudflare:workers';
import type { Dialect } from '../../dialects/dialect.ts';
import { dialectNamed, dialects as allDialects } from '../../dialects/index.ts';
import { markEnd, OWNER_HEADER } from '../../http/answer/end-mark.ts';
import { TurnError } from '../../turn/errors.ts';
import { systemClock } from '../../util/clock.ts';
import { within } from '../../util/timer.ts';
import { bootstrap, containerLogin, door, newBootstrapKey } from './container-bootstrap.ts';
import { ContainerLife, type RawContainer } from './container.ts';
import type { DownReason } from './container-errors.ts';
import { containerSettings, settingsOf, type Env, type WorkerSettings } from '../env.ts';
import { forward } from './forward.ts';
import { routedOf, verdictResponse, type InstanceStatus, type Routed } from '../internal-protocol.ts';
import { logEvent } from '../log.ts';
import { LoginSync } from '../login/login-sync.ts';
import { OpenRequests, type Ticket } from './open-requests.ts';
import { createPlacementStore, type PlacementStore } from './placement-store.ts';
import { decidePlacement, type Room } from './placement.ts';
import { instanceNames } from '../rendezvous.ts';
import { serveDatabase } from '../store/serve-database.ts';
import { runStatements } from '../store/shared-store.ts';
import { createResponder } from '../dialect-responder.ts';
import { Trip } from './trip.ts';
import { WarmConversations } from './warm-conversations.ts';

/** A server that was asked to end has so long; it has no open request then. */
const STOP_GRACE_MS = 30_000;
/** How long the login may take to come back before a container is stopped without it. */
const LAST_LOGIN_MS = 10_000;
/** A container whose object has left memory is left running so much longer than it may be idle: its alarm ends it. */
const OUTLIVE_MS = 5 * 60_000;
/** How long a conversation that is warm here waits for a slot: about what a replay in another instance takes. */
const WARM_WAIT_MS = 3_000;
/** Request bodies that wait for a container are held in memory, of which an object has 128 MB. */
const MOST_HELD_BYTES = 48 * 1024 * 1024;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class ProxyInstance extends DurableObject<Env> {
  readonly #dialects: readonly Dialect[];
  readonly #settings: WorkerSettings;
  readonly #names: readonly string[];
  readonly #open: OpenRequests;
  readonly #placements: PlacementStore;
  readonly #life: ContainerLife;
  readonly #login: LoginSync | undefined;
  readonly #warm = new WarmConversations();
  #self = '';
  /** The statements of the server in the container are being answered. */
  #servesDatabase = false;
  /** The platform's message when the last container ended, until one is ready again. */
  #platformMessage: string | undefined;

  constructor(ctx: DurableObjectState, env: Env, dialects: readonly Dialect[] = allDialects) {
    super(ctx, env);
    this.#dialects = dialects;
    this.#settings = settingsOf(env);
    this.#names = instanceNames(this.#settings.generation, this.#settings.instances);
    this.#placements = createPlacementStore(ctx.storage.sql, Date.now);
    this.#open = new OpenRequests({
      now: Date.now,
      lastActive: {
        get: () => ctx.storage.kv.get<number>('lastActive'),
        set: (at) => ctx.storage.kv.put('lastActive', at),
      },
    });
    this.#life = new ContainerLife({
      raw: rawContainer(ctx),
      sleep,
      now: Date.now,
      environment: () => this.#newEnvironment(),
      prepare: (fresh) => this.#prepare(fresh),
      answering: () => this.#open.inside > 0,
      drainMs: this.#settings.drainMs,
      endWithinMs: this.#settings.endWithinMs,
      outliveMs: this.#settings.sleepAfterMs + OUTLIVE_MS,
      onExit: (reason, message) => this.#exited(reason, message),
      onTrouble: (error) => logEvent('container not prepared', { instance: this.#self, err: String(error) }),
    });
    this.#login = env.CLAUDE_OAUTH_CREDS ? this.#loginSync() : undefined;
  }

  override async fetch(request: Request): Promise<Response> {
    const routed = routedOf(request);
    this.#self = routed.self;
    const admitted = await this.#admit(routed);
    if (admitted instanceof Response) return admitted;
    const turn = this.#login?.turn();
    const trip = new Trip(admitted, {
      onAnswer: (held) => {
        this.#warm.serve(routed.conversation, held);
        this.#inBackground(turn?.headers());
      },
      onEnd: () => this.#inBackground(turn?.end()),
    });
    const answer = await forward(request, {
      trip,
      life: this.#life,
      responder: createResponder(dialectNamed(routed.dialect, this.#dialects), routed.requestId),
      stream: routed.stream,
      timing: this.#settings,
      clock: systemClock,
      hooks: {
        begin: () => this.#armSleep(),
        beforeAsked: async () => turn?.before(),
        authorize: (headers) => {
          headers.set('authorization', `Bearer ${this.#key()}`);
          headers.set(OWNER_HEADER, routed.owner);
        },
        explain: (reason) => this.#explain(reason),
        sendAway: () => {
          const placement = this.#decidePlacement(routed, { open: this.#open.size - 1, waited: true });
          return placement instanceof Response ? placement : undefined;
        },
        onFailure: (error) => this.#logFailure(routed, error),
      },
    });
    return markEnd(answer); // For the Worker, which outlives this object.
  }

  /** Looks whether the container may sleep; ends one that did not end when asked. */
  override async alarm(): Promise<void> {
    const idleMs = this.#open.idleMs();
    if (!this.#life.running) {
      // What is being started, perhaps once more after it died, must find an alarm.
      if (idleMs === 0 || this.#life.state !== 'asleep') await this.#armSleep();
      return;
    }
    if (this.#life.state === 'stopping' && idleMs > 0) {
      logEvent('container killed', { instance: this.#self });
      return this.#life.kill();
    }
    const left = this.#settings.sleepAfterMs - idleMs;
    if (left > 0) return this.ctx.storage.setAlarm(Date.now() + left);
    await within(this.#loginHome(this.#login?.settle()), LAST_LOGIN_MS, systemClock);
    if (this.#open.idleMs() === 0) return this.#armSleep(); // A request came while the login went home.
    logEvent('container goes to sleep', { instance: this.#self, idleMs });
    this.#life.stop();
    await this.ctx.storage.setAlarm(Date.now() + STOP_GRACE_MS);
  }

  /** Wakes nothing. */
  status(): InstanceStatus {
    return {
      state: this.#life.state,
      open: this.#open.size,
      conversations: this.#warm.size,
      ...(this.#platformMessage !== undefined && { platformMessage: this.#platformMessage }),
    };
  }

  /** A ticket for the request, or where it is to go. */
  async #admit(routed: Routed): Promise<Ticket | Response> {
    for (const until = Date.now() + WARM_WAIT_MS; ;) {
      const placement = this.#decidePlacement(routed, { open: this.#open.size, waited: Date.now() >= until });
      // Entered in the same moment, so that of two who see the last slot one gets it.
      if (placement === 'here') return this.#open.enter(routed);
      if (placement !== 'wait') return placement;
      await within(this.#open.released(), Math.max(1, until - Date.now()), systemClock);
    }
  }

  /** `open`: requests beside this one. */
  #decidePlacement(routed: Routed, asking: Pick<Room, 'open' | 'waited'>): Response | 'here' | 'wait' {
    const { conversation } = routed;
    const remembered = routed.role === 'home' ? this.#placements.get(conversation) : undefined;
    const placement = decidePlacement(routed, this.#room(routed, asking), remembered);
    if (placement.kind === 'wait') return 'wait';
    if (placement.kind === 'here') {
      if (remembered !== undefined) this.#placements.forget(conversation); // It was asked there, in vain.
      return 'here';
    }
    if (placement.kind !== 'send') return verdictResponse(placement);
    this.#placements.put(conversation, placement.name);
    return verdictResponse({ ...placement, kind: 'elsewhere' });
  }

  #room({ conversation, bytes }: Routed, asking: Pick<Room, 'open' | 'waited'>): Room {
    const { heldBytes, inside } = this.#open;
    return {
      names: this.#names,
      ...asking,
      capacity: this.#settings.capacity,
      warm: this.#warm.has(conversation) || (this.#warm.any && this.#open.has(conversation)),
      crowded: heldBytes > 0 && heldBytes + bytes > MOST_HELD_BYTES,
      leaving: this.#life.state === 'stopping' && inside > 0,
      failing: this.#life.failing,
      awake: this.#life.state === 'ready',
    };
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

  async #prepare(fresh: boolean): Promise<void> {
    await this.#armSleep();
    const login = await (fresh ? this.#login?.forStart() : this.#login?.forResume());
    const { wantsDatabase } = await bootstrap(this.#life.fetch, this.#key(), {
      settings: containerSettings(this.env),
      database: true,
      ...(login !== undefined && { credentials: login.text }),
    });
    if (wantsDatabase) void this.#serveDatabase();
    await login?.after();
    if (this.ctx.storage.kv.get('served') === undefined) this.ctx.storage.kv.put('served', true);
    this.#platformMessage = undefined;
    logEvent('container ready', { instance: this.#self });
  }

  async #serveDatabase(): Promise<void> {
    if (this.#servesDatabase) return;
    this.#servesDatabase = true;
    await serveDatabase({
      container: this.#life,
      headers: () => door(this.#key()),
      run: (statements) => runStatements(this.env, statements),
      sleep,
      onFailure: (error) => logEvent('statements not answered', { instance: this.#self, err: String(error) }),
    });
    this.#servesDatabase = false;
  }

  #exited(reason: DownReason, message: string | undefined): void {
    this.#warm.clear();
    this.#platformMessage = message;
    this.#inBackground(this.#login?.onExit());
    logEvent('container ended', {
      instance: this.#self,
      reason,
      ...(message !== undefined && { platformMessage: message }),
    });
  }

  // The platform has the same message for "all are taken" and "not distributed yet".
  #explain(reason: DownReason): DownReason {
    return reason === 'no_instance' && this.ctx.storage.kv.get('served') === undefined ? 'provisioning' : reason;
  }

  #inBackground(work: Promise<void> | undefined): void {
    if (work !== undefined) this.ctx.waitUntil(this.#loginHome(work));
  }

  async #loginHome(work: Promise<void> | undefined): Promise<void> {
    try {
      await work;
    } catch (error) {
      logEvent('login not brought back', { instance: this.#self, ...reasonOf(error) });
    }
  }

  #logFailure({ requestId }: Routed, error: TurnError): void {
    if (error.code !== 'internal' && error.cause === undefined) return;
    logEvent('request failed', {
      level: 'error',
      instance: this.#self,
      id: requestId,
      code: error.code,
      ...reasonOf(error),
    });
  }

  #loginSync(): LoginSync {
    return new LoginSync({
      keeper: this.env.LOGIN.getByName('login'),
      container: containerLogin(this.#life.fetch, this.#key),
      origin: {
        get: () => this.ctx.storage.kv.get<string>('loginSecret') ?? '',
        set: (secret) => this.ctx.storage.kv.put('loginSecret', secret),
      },
      instance: () => this.#self,
      now: Date.now,
      sleep,
    });
  }
}

const reasonOf = (error: unknown): { err: string } => ({
  err: String(error instanceof TurnError && error.cause !== undefined ? error.cause : error),
});

const rawContainer = (ctx: DurableObjectState): RawContainer => {
  if (ctx.container === undefined)
    throw new Error('no container belongs to this Durable Object class: see `containers` in wrangler.jsonc');
  return ctx.container;
};
