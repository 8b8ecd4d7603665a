/** Keeps the login in one container fresh: lent before a turn, brought back as soon as Claude Code has refreshed it. */
import { TurnError } from '../turn/errors.ts';
import { loginOf, REFRESH_BEFORE_MS, withoutRefreshToken, type Offer } from './login.ts';

/** The methods of `LoginKeeper`, as an instance calls them. */
export interface KeeperPort {
  current(): Promise<string>;
  offer(instance: string): Promise<Offer>;
  bring(instance: string, text: string): Promise<boolean>;
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
  readonly instance: () => string;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const WAIT_STEP_MS = 500;
const WAIT_STEPS = 60;

export class LoginSync {
  readonly #options: LoginSyncOptions;
  #expiresAt = 0;
  #refreshing = false;
  #turns = 0;
  #taking: Promise<void> | undefined;

  constructor(options: LoginSyncOptions) {
    this.#options = options;
  }

  /** The credentials file a new program begins with; it never holds the refresh token. */
  async forStart(): Promise<string> {
    const text = await this.#options.keeper.current();
    this.#refreshing = false;
    this.#expiresAt = loginOf(text)?.expiresAt ?? 0;
    return text;
  }

  async beforeTurn(): Promise<void> {
    this.#turns += 1;
    if (this.#timeLeft() > REFRESH_BEFORE_MS) return;
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    await this.#taking;
  }

  /** After the headers: a refresh comes before the request to the API, so it has happened by then. */
  async onHeaders(): Promise<void> {
    if (this.#refreshing) await this.#bringBack();
  }

  async onEnd(): Promise<void> {
    this.#turns = Math.max(0, this.#turns - 1);
    if (!this.#refreshing || (await this.#bringBack()) || this.#turns > 0) return;
    // It was not refreshed (the turn failed, or Claude Code saw no need): nobody keeps the token idle.
    this.#refreshing = false;
    const text = await this.#options.container.read();
    if (text !== undefined) await this.#options.container.write(withoutRefreshToken(text));
    await this.#options.keeper.giveBack(this.#options.instance());
  }

  #timeLeft(): number {
    return this.#expiresAt - this.#options.now();
  }

  async #take(): Promise<void> {
    const { keeper, container, instance, sleep } = this.#options;
    for (let step = 0; step < WAIT_STEPS; step += 1) {
      const offer = await keeper.offer(instance());
      if (offer.kind !== 'wait') {
        await container.write(offer.text);
        this.#refreshing = offer.kind === 'refresh';
        this.#expiresAt = loginOf(offer.text)?.expiresAt ?? 0;
        return;
      }
      if (this.#timeLeft() > 0) return; // What is here still works; another instance is refreshing.
      await sleep(WAIT_STEP_MS);
    }
    throw new TurnError('engine_unavailable', 'The login has expired and another instance is still refreshing it.', { retryAfterSeconds: 10 });
  }

  async #bringBack(): Promise<boolean> {
    const { keeper, container, instance } = this.#options;
    const text = await container.read();
    if (text === undefined || !(await keeper.bring(instance(), text))) return false;
    this.#refreshing = false;
    this.#expiresAt = loginOf(text)?.expiresAt ?? 0;
    await container.write(withoutRefreshToken(text));
    return true;
  }
}
