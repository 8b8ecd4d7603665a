/** One request on its way through an instance, over a scripted container: what is shown when, and that every path comes to its end. */
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../src/dialects/index.ts';
import type { TurnError } from '../../src/turn/errors.ts';
import { DownError } from '../../src/worker/instance/container-errors.ts';
import { forward, type Forwarding, type ForwardHooks } from '../../src/worker/instance/forward.ts';
import { INTERNAL, verdictOf, verdictResponse } from '../../src/worker/internal-protocol.ts';
import { OpenRequests } from '../../src/worker/instance/open-requests.ts';
import { Trip } from '../../src/worker/instance/trip.ts';
import { createResponder } from '../../src/worker/dialect-responder.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A container whose answers are given by the test, one after another. */
class World {
  now = 0;
  readonly open = new OpenRequests({ now: () => this.now, lastActive: { get: () => 0, set: () => {} } });
  readonly log: string[] = [];
  readonly failures: TurnError[] = [];
  readonly client = new AbortController();
  state: Forwarding['life']['state'] = 'ready';
  ready: () => Promise<void> = async () => {};
  fetch: Forwarding['life']['fetch'] = async () =>
    new Response('{}', { headers: { 'content-type': 'application/json' } });
  begin = async (): Promise<void> => {};
  beforeTurn = async (): Promise<void> => {};
  sendAway: ForwardHooks['sendAway'] = () => undefined;

  forward(stream = true): Promise<Response> {
    const request = new Request('http://instance/v1/messages', {
      method: 'POST',
      body: '{"a":1}',
      signal: this.client.signal,
    });
    return forward(request, {
      life: this.#life(),
      responder: createResponder(anthropicMessages, 'req_1'),
      trip: new Trip(this.open.enter({ conversation: 'c', bytes: 7 }), {
        onAnswer: () => this.log.push('headers'),
        onEnd: () => this.log.push('end'),
      }),
      stream,
      timing: { startWaitMs: 60_000, lifeSignAfterMs: 1_000, lifeSignEveryMs: 5_000 },
      // Time passes only while somebody waits.
      clock: {
        after: (ms, then) => {
          let cancelled = false;
          void tick().then(() => {
            if (cancelled) return;
            this.now += ms;
            then();
          });
          return () => {
            cancelled = true;
          };
        },
      },
      hooks: {
        begin: () => this.begin(),
        authorize: (headers) => headers.set('authorization', 'Bearer of the container'),
        explain: (reason) => reason,
        beforeAsked: async () => {
          this.log.push('before');
          await this.beforeTurn();
        },
        sendAway: () => this.sendAway(),
        onFailure: (error) => this.failures.push(error),
      },
    });
  }

  #life(): Forwarding['life'] {
    const state = (): Forwarding['life']['state'] => this.state;
    return {
      get state() {
        return state();
      },
      waitingFor: 'starting',
      ready: () => this.ready(),
      fetch: (path, init) => this.fetch(path, init),
      doubt: () => this.log.push('doubt'),
      leaving: () => this.log.push('leaving'),
    };
  }
}

const never = new Promise<never>(() => {});
const firstOf = async (answer: Response): Promise<string> =>
  new TextDecoder().decode((await answer.body!.getReader().read()).value);
const stream = (text: string): Response =>
  new Response(text, { headers: { 'content-type': 'text/event-stream', [INTERNAL]: 'eos' } });
const draining = (): Response => new Response('{}', { status: 503, headers: { [INTERNAL]: 'draining' } });

describe('a stream shows life', () => {
  it('while the container does not answer yet', async () => {
    const world = new World();
    world.ready = () => never;
    expect(await firstOf(await world.forward())).toContain('event: ping');
  });

  it('while the login is waited for', async () => {
    const world = new World();
    world.beforeTurn = () => never;
    expect(await firstOf(await world.forward())).toContain('event: ping');
  });

  it('when the container is doubted or ends while it was asked', async () => {
    for (const state of ['asleep', 'stopping', 'starting'] as const) {
      const world = new World();
      world.fetch = () => {
        world.state = state;
        return never;
      };
      expect(await firstOf(await world.forward())).toContain('event: ping');
    }
  });

  it('when it waits for the next container, after this one has refused', async () => {
    const world = new World();
    world.fetch = async () => {
      world.ready = () => never;
      return draining();
    };
    expect(await firstOf(await world.forward())).toContain('event: ping');
    expect(world.log).toEqual(['before', 'leaving']);
  });

  it('when a container that is ready says nothing for long: the connection may be a dead one', async () => {
    const world = new World();
    world.fetch = () => never;
    expect(await firstOf(await world.forward())).toContain('event: ping');
    expect(world.now).toBe(20_000);
  });

  it('not while the container is at work on the headers: its status is the real one', async () => {
    const world = new World();
    world.fetch = async () => {
      while (world.now < 15_000) await tick();
      return Response.json({ error: 1 }, { status: 529 });
    };
    expect((await world.forward()).status).toBe(529);
  });
});

describe('a request that fails', () => {
  it('in a start that others have waited for longer: 503 and when to come back', async () => {
    for (const streamed of [true, false]) {
      const world = new World();
      world.ready = async () => {
        throw new DownError('crashed');
      };
      const answer = await world.forward(streamed);
      expect([answer.status, answer.headers.get('retry-after'), world.open.size]).toEqual([503, '30', 0]);
      expect(await answer.json()).toMatchObject({
        error: { message: expect.stringContaining('ends right after its start') },
      });
    }
  });

  it('inside is told without its reason, which the log has', async () => {
    const world = new World();
    world.beforeTurn = async () => {
      throw new TypeError('x is undefined');
    };
    const answer = await world.forward();
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('undefined')]);
    expect(world.failures).toMatchObject([{ code: 'internal', cause: new TypeError('x is undefined') }]);
    expect(world.log).toEqual(['before', 'end']);
  });

  it('before anything was asked is an error of the dialect too, and does not stay open', async () => {
    const world = new World();
    world.begin = async () => {
      throw new Error('the storage is not there');
    };
    const answer = await world.forward();
    expect([answer.status, await answer.json()]).toMatchObject([500, { type: 'error' }]);
    expect([world.open.size, world.log]).toEqual([0, ['end']]);
  });

  it('is asked again, three times, and ends once', async () => {
    const world = new World();
    world.fetch = async () => {
      throw new Error('Network connection lost.');
    };
    const answer = await world.forward();
    expect([answer.status, world.open.size]).toEqual([502, 0]);
    expect(world.log).toEqual(['before', 'doubt', 'before', 'doubt', 'before', 'end']);
  });
});

describe('a client that leaves', () => {
  it('before the headers ends the turn, and the container hears of it', async () => {
    const world = new World();
    let aborted = false;
    world.fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init!.signal!.addEventListener('abort', () => {
          aborted = true;
          reject(new Error('aborted'));
        });
        world.client.abort();
      });
    expect((await world.forward()).status).toBe(499);
    expect([aborted, world.open.size, world.log, world.failures]).toEqual([true, 0, ['before', 'end'], []]);
  });

  it('while the login is waited for ends the turn when the login has come', async () => {
    const world = new World();
    world.beforeTurn = async () => world.client.abort();
    world.fetch = () => Promise.reject(new Error('not to be asked'));
    expect((await world.forward()).status).toBe(499);
    expect([world.open.size, world.log]).toEqual([0, ['before', 'end']]);
  });

  it('in a stream ends the turn', async () => {
    const world = new World();
    world.fetch = async () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new TextEncoder().encode(': a\n\n')) }),
        { headers: { 'content-type': 'text/event-stream' } },
      );
    const answer = await world.forward();
    await answer.body!.cancel();
    expect([world.open.size, world.log]).toEqual([0, ['before', 'headers', 'end']]);
  });
});

describe('a container that is ending', () => {
  it('sends the request to another instance when there is one', async () => {
    const world = new World();
    world.fetch = async () => draining();
    world.sendAway = () => verdictResponse({ kind: 'elsewhere', name: 'g1-i1', awakeOnly: false });
    expect(verdictOf(await world.forward())).toEqual({ kind: 'elsewhere', name: 'g1-i1', awakeOnly: false });
    expect([world.open.size, world.log]).toEqual([0, ['before', 'leaving', 'end']]);
  });

  it('keeps it when the client has seen the first bytes, or nobody else has room', async () => {
    const answers = [draining(), stream('data: 1\n\n: eos\n\n')];
    const world = new World();
    world.fetch = async () => answers.shift()!;
    expect(await (await world.forward()).text()).toBe('data: 1\n\n');
    const late = new World();
    const first = Promise.withResolvers<void>();
    const rest = [draining(), stream('data: 1\n\n: eos\n\n')];
    late.beforeTurn = () => first.promise;
    late.fetch = async () => rest.shift()!;
    late.sendAway = () => verdictResponse({ kind: 'full' });
    const answer = await late.forward();
    first.resolve();
    expect(await answer.text()).toMatch(/data: 1\n\n$/);
  });
});

it('holds the body of a request until its answer begins', async () => {
  const world = new World();
  const held: number[] = [];
  world.fetch = async () => {
    held.push(world.open.heldBytes);
    return stream('data: 1\n\n: eos\n\n');
  };
  const answer = await world.forward();
  held.push(world.open.heldBytes, world.open.inside);
  expect(held).toEqual([7, 0, 1]);
  await answer.text();
  expect([world.open.size, world.log]).toEqual([0, ['before', 'headers', 'end']]);
});
