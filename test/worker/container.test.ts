/** The life of a container against a scripted platform: what it says when there is none, and what is done about a stuck one. */
import { describe, expect, it } from 'vitest';
import { TurnError } from '../../src/turn/errors.ts';
import { ContainerLife, RestartNeeded, type RawContainer } from '../../src/worker/instance/container.ts';
import { DownError, downReason, downTurnError, type DownReason } from '../../src/worker/instance/container-errors.ts';

/** What the next started program does. */
type Behaviour = 'answers' | 'never answers' | 'exits' | { readonly refusedBy: string };

class Platform {
  now = 0;
  starts = 0;
  kills = 0;
  outlives = 0;
  signals: number[] = [];
  exits: DownReason[] = [];
  prepared: boolean[] = [];
  prepareFails: Error | undefined;
  troubles: unknown[] = [];
  answering = false;
  /** A program that was told to end goes on for so long. */
  drainsForMs = 0;
  #running = false;
  #answers = false;
  #ended = Promise.withResolvers<void>();
  readonly #script: Behaviour[];
  readonly life: ContainerLife;

  constructor(...script: Behaviour[]) {
    this.#script = script;
    this.life = new ContainerLife({
      raw: this.#raw(),
      // Time passes only while somebody waits.
      sleep: async (ms) => {
        this.now += ms;
        await new Promise((resolve) => setImmediate(resolve));
      },
      now: () => this.now,
      environment: () => ({}),
      prepare: async (fresh) => {
        this.prepared.push(fresh);
        const failure = this.prepareFails;
        this.prepareFails = undefined;
        if (failure !== undefined) throw failure;
      },
      answering: () => this.answering,
      drainMs: 600_000,
      outliveMs: 900_000,
      endWithinMs: 60_000,
      onExit: (reason) => this.exits.push(reason),
      onTrouble: (error) => this.troubles.push(error),
    });
  }

  end(failure?: Error): void {
    this.#running = false;
    this.#answers = false;
    if (failure === undefined) this.#ended.resolve();
    else this.#ended.reject(failure);
    this.#ended = Promise.withResolvers<void>();
  }

  #raw(): RawContainer {
    const running = (): boolean => this.#running;
    return {
      get running() {
        return running();
      },
      start: () => {
        this.starts += 1;
        const behaviour = (this.#script.length > 1 ? this.#script.shift() : this.#script[0]) ?? 'answers';
        this.#running = true;
        this.#answers = behaviour === 'answers';
        if (typeof behaviour === 'object') setImmediate(() => this.end(new Error(behaviour.refusedBy)));
        else if (behaviour === 'exits') setImmediate(() => this.end());
      },
      monitor: () => this.#ended.promise,
      setInactivityTimeout: async (ms) => void (this.outlives = ms),
      signal: (signo) => {
        this.signals.push(signo);
        this.#answers = false;
        const [from, ended] = [this.now, this.#ended];
        const look = (): void => {
          if (this.#ended !== ended) return;
          if (this.now - from >= this.drainsForMs) this.end();
          else setImmediate(look);
        };
        setImmediate(look);
      },
      destroy: async () => {
        this.kills += 1;
        this.end();
      },
      getTcpPort: () => ({
        fetch: async () => {
          if (!this.#answers) throw new Error('the container is not listening in the TCP address 10.0.0.1:8080');
          return new Response('{}');
        },
      }),
    };
  }
}

const NO_INSTANCE = { refusedBy: 'there is no container instance that can be provided to this durable object' };
const TOO_MANY = { refusedBy: 'you are requesting too many containers per second' };

describe('the life of a container', () => {
  it('is started once for all who wait, also when they come later', async () => {
    const platform = new Platform('answers');
    const first = platform.life.ready();
    await Promise.all([first, platform.life.ready(), platform.life.ready()]);
    await platform.life.ready();
    expect([platform.starts, platform.prepared, platform.life.state]).toEqual([1, [true], 'ready']);
    expect(platform.outlives).toBe(900_000);
  });

  it('waits while the platform has no instance, and says so', async () => {
    const platform = new Platform(NO_INSTANCE, NO_INSTANCE, TOO_MANY, 'answers');
    const seen = new Set<string>();
    const ready = platform.life.ready();
    for (let done = false; !done;) {
      seen.add(platform.life.waitingFor);
      done = await Promise.race([
        ready.then(() => true),
        new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
      ]);
    }
    expect(platform.starts).toBe(4);
    expect([...seen]).toEqual(['starting', 'no_instance', 'start_rate']);
    expect(platform.exits).toEqual(['no_instance', 'no_instance', 'start_rate']);
  });

  it('gives up in the end, and the next request tries again', async () => {
    const platform = new Platform(NO_INSTANCE);
    await expect(platform.life.ready()).rejects.toThrow(new DownError('no_instance'));
    expect(platform.now).toBeLessThan(200_000);
    const starts = platform.starts;
    await expect(platform.life.ready()).rejects.toThrow(DownError);
    expect(platform.starts).toBeGreaterThan(starts);
  });

  it('gives up after three crashes', async () => {
    const platform = new Platform('exits');
    await expect(platform.life.ready()).rejects.toThrow(new DownError('crashed'));
    expect(platform.starts).toBe(3);
  });

  it('ends one that runs and answers nothing, and starts another', async () => {
    const platform = new Platform('never answers', 'answers');
    await platform.life.ready();
    expect([platform.kills, platform.starts, platform.life.state]).toEqual([1, 2, 'ready']);
  });

  it('looks again after a broken connection, and starts only when it has died', async () => {
    const platform = new Platform('answers');
    await platform.life.ready();
    platform.life.doubt();
    await platform.life.ready();
    expect([platform.starts, platform.prepared]).toEqual([1, [true, false]]);
    platform.end();
    await platform.life.ready();
    expect([platform.starts, platform.prepared]).toEqual([2, [true, false, true]]);
  });

  it('waits for one that is ending before it starts the next', async () => {
    const platform = new Platform('answers');
    await platform.life.ready();
    platform.life.stop();
    expect([platform.signals, platform.life.state]).toEqual([[15], 'stopping']);
    await platform.life.ready();
    expect([platform.starts, platform.exits, platform.life.state]).toEqual([2, ['stopped'], 'ready']);
  });

  it('leaves one that is ending the time its answers need, and no more', async () => {
    const platform = new Platform('answers');
    await platform.life.ready();
    platform.drainsForMs = 500_000;
    platform.answering = true;
    platform.life.stop();
    const ready = platform.life.ready();
    expect(platform.life.waitingFor).toBe('stopped');
    await ready;
    expect([platform.kills, platform.starts, platform.life.state]).toEqual([0, 2, 'ready']);
    platform.answering = false;
    platform.life.stop();
    await platform.life.ready();
    expect([platform.kills, platform.starts, platform.life.state]).toEqual([1, 3, 'ready']);
    platform.answering = true;
    platform.drainsForMs = 700_000;
    platform.life.stop();
    await platform.life.ready();
    expect([platform.kills, platform.starts, platform.life.state]).toEqual([2, 4, 'ready']);
  });

  it('is not told to be ending when it has ended', async () => {
    const platform = new Platform('answers');
    await platform.life.ready();
    platform.end();
    platform.life.leaving();
    expect(platform.life.state).toBe('asleep');
  });

  it('is failing while starts are refused, and a while after one was given up', async () => {
    const platform = new Platform(NO_INSTANCE, NO_INSTANCE, 'answers');
    const ready = platform.life.ready();
    expect(platform.life.failing).toBe(false);
    while (platform.starts < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(platform.life.failing).toBe(true);
    await ready;
    expect(platform.life.failing).toBe(false);
    const refused = new Platform(NO_INSTANCE);
    await expect(refused.life.ready()).rejects.toThrow(DownError);
    expect(refused.life.failing).toBe(true);
    refused.now += 61_000;
    expect(refused.life.failing).toBe(false);
  });

  it('says why a program that answers could not be prepared', async () => {
    const platform = new Platform('answers');
    platform.prepareFails = new Error('Network connection lost.');
    await platform.life.ready();
    expect([platform.troubles, platform.starts]).toEqual([[new Error('Network connection lost.')], 1]);
  });

  it('replaces one whose settings no longer hold', async () => {
    const platform = new Platform('answers');
    platform.prepareFails = new RestartNeeded();
    await platform.life.ready();
    expect([platform.signals, platform.starts, platform.life.state]).toEqual([[15], 2, 'ready']);
  });

  it('tells callers what only the owner can cure, and tries again for the next', async () => {
    const platform = new Platform('answers');
    platform.prepareFails = new TurnError('engine_unavailable', 'No login was found.');
    await expect(platform.life.ready()).rejects.toThrow('No login was found.');
    await platform.life.ready();
    expect([platform.starts, platform.life.state]).toEqual([1, 'ready']);
  });

  it('does nothing when a container that does not run is to be stopped', () => {
    const platform = new Platform('answers');
    platform.life.stop();
    expect([platform.signals, platform.life.state]).toEqual([[], 'asleep']);
  });
});

describe('why a container is down', () => {
  it.each<{ text: string; reason: DownReason }>([
    {
      text: 'There is no Container instance that can be provided to this Durable Object, try again later',
      reason: 'no_instance',
    },
    {
      text: 'Maximum number of running container instances exceeded. Try again later, or try configuring a higher value for max_instances',
      reason: 'no_instance',
    },
    { text: 'You are requesting too many containers per second', reason: 'start_rate' },
    { text: 'Container exited with unexpected exit code: 137', reason: 'crashed' },
  ])('$reason', ({ text, reason }) => expect(downReason(new Error(text))).toBe(reason));

  it('is told with a time to come back', () => {
    for (const reason of ['starting', 'stopped', 'crashed', 'no_instance', 'start_rate', 'provisioning'] as const) {
      const error = downTurnError(reason);
      expect([error.code, error.retryAfterSeconds! > 0, error.message !== '']).toEqual([
        'engine_unavailable',
        true,
        true,
      ]);
    }
  });
});
