/** Keeps the login in one container fresh: lent before a turn, brought back as soon as Claude Code has refreshed it. */
import { TurnError } from '../../turn/errors.ts';
import {
  hasRefreshToken,
  loginOf,
  REFRESH_BEFORE_MS,
  withoutRefreshToken,
  type CurrentLogin,
  type Offer,
} from './login.ts';

/**
 * The methods of `LoginKeeper`, as an instance calls them. `secret` is the digest of the secret that a login descends
 * from.
 */
export interface KeeperPort {
  current(): Promise<CurrentLogin>;
  offer(instance: string): Promise<Offer>;
  bring(instance: string, brought: CurrentLogin): Promise<boolean>;
  giveBack(instance: string): Promise<void>;
}

/** The container's own door for credentials. */
export interface ContainerLogin {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

export interface LoginSyncOptions {
  readonly keeper: KeeperPort;
  readonly container: ContainerLogin;
  /** Digest of the secret that the container's login descends from; it outlives this object, as the container does. */
  readonly origin: { get(): string; set(secret: string): void };
  readonly instance: () => string;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A login for a program's first settings, which one that has them ignores, and what follows them. */
export interface Handover {
  /** The credentials file, without the refresh token. */
  readonly text: string;
  readonly after: () => Promise<void>;
}

/** One turn's use of the login. */
export interface LoginTurn {
  /** May be called again, for another try. */
  before(): Promise<void>;
  /** After the headers: a refresh comes before the request to the API, so it has happened by then. */
  headers(): Promise<void>;
  /** Only the first call after `before` counts. */
  end(): Promise<void>;
}

const WAIT_STEP_MS = 500;
const WAIT_STEPS = 60;
/** A turn that was given up may be refreshing at that moment. */
const SETTLE_MS = 3_000;

export class LoginSync {
  readonly #options: LoginSyncOptions;
  #expiresAt = 0;
  #refreshing = false;
  #turns = 0;
  #taking: Promise<void> | undefined;

  constructor(options: LoginSyncOptions) {
    this.#options = options;
  }

  /** For a new program. */
  async forStart(): Promise<Handover> {
    const current = await orUnavailable(this.#options.keeper.current());
    // The program before this one may have ended with the token: nobody has it here now.
    await orUnavailable(this.#options.keeper.giveBack(this.#options.instance()));
    this.#options.origin.set(current.secret);
    this.#holds(current.text, false);
    return { text: current.text, after: async () => {} };
  }

  /** For a program that runs already: what it has refreshed comes home, then it gets what is valid now. */
  async forResume(): Promise<Handover> {
    const { keeper, container, instance } = this.#options;
    const here = await container.read();
    const brought = here !== undefined && (await this.#bring(here));
    const current = await orUnavailable(keeper.current());
    const after = async (): Promise<void> => {
      if (here !== undefined && !brought && this.#mayBeRefreshing(here, current)) return this.#holds(here, true);
      await container.write(current.text);
      this.#options.origin.set(current.secret);
      this.#holds(current.text, false);
      await orUnavailable(keeper.giveBack(instance()));
    };
    return { text: current.text, after };
  }

  turn(): LoginTurn {
    let counted = false;
    return {
      before: async () => {
        if (!counted) this.#turns += 1;
        counted = true;
        await this.#freshen();
      },
      headers: async () => {
        if (this.#refreshing) await this.#bringBack();
      },
      end: async () => {
        if (!counted) return;
        counted = false;
        this.#turns -= 1;
        await this.settle();
      },
    };
  }

  /** When no turn is left that could refresh, nobody keeps the token idle. */
  async settle(): Promise<void> {
    for (const last of [false, true]) {
      if (!this.#refreshing || (await this.#bringBack()) || this.#turns > 0) return;
      if (!last) await this.#options.sleep(SETTLE_MS);
    }
    if (!this.#refreshing) return;
    // It was not refreshed: the turn failed, or Claude Code saw no need.
    this.#refreshing = false;
    const text = await this.#options.container.read();
    if (text !== undefined) await this.#options.container.write(withoutRefreshToken(text));
    await this.#options.keeper.giveBack(this.#options.instance());
  }

  /** The container has ended, and its file with it. */
  async onExit(): Promise<void> {
    if (!this.#refreshing) return;
    this.#refreshing = false;
    await this.#options.keeper.giveBack(this.#options.instance());
  }

  #holds(text: string, refreshing: boolean): void {
    this.#refreshing = refreshing;
    this.#expiresAt = loginOf(text)?.expiresAt ?? 0;
  }

  // A file with the token that nobody has outrun: Claude Code may be using it at this moment.
  #mayBeRefreshing(here: string, current: CurrentLogin): boolean {
    const [mine, kept] = [loginOf(here), loginOf(current.text)];
    return (
      this.#options.origin.get() === current.secret &&
      hasRefreshToken(here) &&
      mine !== undefined &&
      mine.expiresAt >= (kept?.expiresAt ?? 0)
    );
  }

  #timeLeft(): number {
    return this.#expiresAt - this.#options.now();
  }

  async #freshen(): Promise<void> {
    if (this.#timeLeft() > REFRESH_BEFORE_MS) return;
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    await this.#taking;
  }

  async #take(): Promise<void> {
    const { keeper, container, origin, instance, sleep } = this.#options;
    // A refresh that ended after its turn was given up: what is written below would undo it.
    if (await this.#bringBack()) return;
    for (let step = 0; step < WAIT_STEPS; step += 1) {
      const offer = await orUnavailable(keeper.offer(instance()));
      if (offer.kind !== 'wait') {
        await container.write(offer.text);
        origin.set(offer.secret);
        return this.#holds(offer.text, offer.kind === 'refresh');
      }
      if (this.#timeLeft() > 0) return; // What is here still works; another instance is refreshing.
      await sleep(WAIT_STEP_MS);
    }
    throw new TurnError('engine_unavailable', 'The login has expired and another instance is still refreshing it.', {
      retryAfterSeconds: 10,
    });
  }

  async #bringBack(): Promise<boolean> {
    const text = await this.#options.container.read();
    if (text === undefined || !(await this.#bring(text))) return false;
    this.#holds(text, false);
    await this.#options.container.write(withoutRefreshToken(text));
    return true;
  }

  async #bring(text: string): Promise<boolean> {
    const { keeper, origin, instance } = this.#options;
    return orUnavailable(keeper.bring(instance(), { text, secret: origin.get() }));
  }
}

/** The keeper's own reason is for the log; the platform may refuse the call too, while it updates. */
const orUnavailable = async <Value>(asked: Promise<Value>): Promise<Value> => {
  try {
    return await asked;
  } catch (error) {
    throw new TurnError(
      'engine_unavailable',
      'The login that is kept cannot be had now; the log of the Worker (npm run tail) has the reason.',
      { retryAfterSeconds: 10, cause: error },
    );
  }
};
