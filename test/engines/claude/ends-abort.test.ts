/**
 * An abort at each stage of a request, with the real CLI: the upstream request is gone, and nothing else. The process is cut and
 * serves on; one that cannot be cut ends.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message, Tool, Turn } from '../../../src/turn/turn.ts';
import { childrenOf, failureOf, goOn, isRunning, patiently, resultsOf, until } from './ends-support.ts';
import { run, startLab, turnOf, ways, type Lab } from './support.ts';

const read: Tool = { name: 'read', input_schema: { type: 'object' } };
const hello: Message[] = [{ role: 'user', content: 'Hello' }];
const longHistory: Message[] = [
  ...Array.from({ length: 60 }, (_, i): Message[] => [
    { role: 'user', content: `question ${i}` },
    { role: 'assistant', content: `answer ${i}` },
  ]).flat(),
  { role: 'user', content: 'And now?' },
];

describe.each(ways)('an abort ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab({ spares: 0, maxProcesses: 2, recycle });
  });
  afterEach(() => lab.close());

  /** Aborts once `when` has come, and expects that nothing is left of the request. `asked`: the turn had begun. */
  const abortWhen = async (turn: Turn, asked: boolean, when: () => boolean): Promise<void> => {
    const leaving = new AbortController();
    const outcome = failureOf(run(lab, turn, leaving.signal));
    await expect.poll(when, { ...patiently, interval: 1 }).toBe(true);
    const held = childrenOf(lab);
    leaving.abort();
    expect((await outcome).code).toBe('client_closed');
    await expect.poll(unfinished, patiently).toEqual([]);
    await expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(0);
    if (recycle) expect(held.filter(isRunning)).toEqual(held);
    else if (asked) await expect.poll(() => held.filter(isRunning), patiently).not.toEqual(held);
    expect((await run(lab, turnOf({ messages: hello }))).text).toContain('Hello');
  };
  const unfinished = () => lab.upstream.requests.filter(({ endedAt }) => endedAt === undefined);
  const requests = (): number => lab.upstream.messageRequests.length;
  const children = (): number => childrenOf(lab).length;

  it('before anything has begun starts nothing', async () => {
    const error = await failureOf(run(lab, turnOf({ messages: hello }), AbortSignal.abort()));
    expect(error.code).toBe('client_closed');
    expect(children()).toBe(0);
  });

  it('while the process is initialised', () => abortWhen(turnOf({ messages: hello }), false, () => children() === 1));

  it('while a history is appended', async () => {
    await lab.engine.warmUp();
    // On a process that is ready, nothing but the append stands between the claim and the request.
    await abortWhen(
      turnOf({ messages: longHistory }),
      false,
      () => lab.engine.health().gauges['sessions_running'] === 1,
    );
    expect(requests()).toBe(1);
  });

  it('before the upstream has answered', () =>
    abortWhen(turnOf({ messages: [{ role: 'user', content: '[[hang]]' }] }), true, () => requests() === 1));

  it('in the middle of the answer', async () => {
    const leaving = new AbortController();
    const events = lab.engine.run(
      turnOf({ messages: [{ role: 'user', content: '[[tokens:50]] [[slow:200]]' }] }),
      leaving.signal,
    );
    await until(events, 'content_block_delta');
    leaving.abort();
    expect((await failureOf(until(events, 'message_stop'))).code).toBe('client_closed');
    await expect
      .poll(
        () => lab.upstream.messageRequests.map(({ aborted, endedAt }) => aborted && endedAt !== undefined),
        patiently,
      )
      .toEqual([true]);
  });

  it('by leaving the loop, at the first notice as in the middle of the answer', async () => {
    for (const type of ['notice', 'content_block_delta'] as const) {
      const events = lab.engine.run(
        turnOf({ system: `until ${type}`, messages: [{ role: 'user', content: '[[tokens:50]] [[slow:200]]' }] }),
        new AbortController().signal,
      );
      await until(events, type);
      await events.return(undefined);
      await expect.poll(unfinished, patiently).toEqual([]);
      await expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(0);
    }
    expect(lab.upstream.messageRequests.filter(({ completed }) => completed)).toEqual([]);
  });

  it('while the answer to a suspended call is on its way, and the conversation goes on by replay', async () => {
    const question: Message[] = [{ role: 'user', content: 'Look [[tool:read {}]] [[then]] [[hang]]' }];
    const first = await run(lab, turnOf({ messages: question, tools: [read] }));
    const messages = goOn(question, first, resultsOf(first));
    await abortWhen(turnOf({ messages, tools: [read] }), true, () => requests() === 2);
    lab.upstream.enqueue({ content: [{ type: 'text', text: 'done' }] });
    expect(await run(lab, turnOf({ messages, tools: [read] }))).toMatchObject({
      strategy: recycle ? 'fresh' : 'start',
      text: 'done',
    });
  });

  it('of a step that comes too late changes nothing: the suspended call waits for the next request', async () => {
    const question: Message[] = [{ role: 'user', content: 'Look [[tool:read {}]]' }];
    const leaving = new AbortController();
    const first = await run(lab, turnOf({ messages: question, tools: [read] }), leaving.signal);
    leaving.abort();
    const second = await run(lab, turnOf({ messages: goOn(question, first, resultsOf(first)), tools: [read] }));
    expect(second.strategy).toBe('answer');
  });

  it('while it waits for room frees nothing and blocks nobody', async () => {
    const leavers = [new AbortController(), new AbortController(), new AbortController()];
    const hanging = turnOf({ messages: [{ role: 'user', content: '[[hang]]' }] });
    const running = leavers.slice(0, 2).map(({ signal }) => failureOf(run(lab, hanging, signal)));
    await expect.poll(requests, patiently).toBe(2);
    const waiting = failureOf(run(lab, hanging, leavers[2]?.signal));
    const next = run(lab, turnOf({ messages: hello }));
    leavers[2]?.abort();
    expect((await waiting).code).toBe('client_closed');
    expect(children()).toBe(2);
    leavers[0]?.abort();
    expect((await next).text).toContain('Hello');
    leavers[1]?.abort();
    expect((await Promise.all(running)).map(({ code }) => code)).toEqual(['client_closed', 'client_closed']);
  });

  it('of a count of tokens leaves a process that serves on', async () => {
    const leaving = new AbortController();
    const outcome = failureOf(lab.engine.countTokens(turnOf({ messages: longHistory }), leaving.signal));
    await expect.poll(children, patiently).toBe(1);
    leaving.abort();
    expect((await outcome).code).toBe('client_closed');
    await expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(0);
    expect((await run(lab, turnOf({ messages: hello }))).text).toContain('Hello');
  });
});
