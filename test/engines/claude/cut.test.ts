/** A turn that is cut: its upstream request is gone, no other one goes out, and the process serves on. With the real CLI. */
import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message, Tool } from '../../../src/turn/turn.ts';
import { childrenOf, failureOf, fixture, goOn, isRunning, patiently, resultsOf, until } from './ends-support.ts';
import { plain, run, sentMessages, startLab, turnOf, type Lab } from './support.ts';

const read: Tool = { name: 'read', input_schema: { type: 'object' } };
const say = (content: string): Message[] => [{ role: 'user', content }];

describe('a turn that is cut', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab({ spares: 0 });
    await lab.engine.warmUp();
  });
  afterEach(() => lab.close());

  const settled = () => expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(0);
  /** One process, from the first to the last. */
  const expectOneProcess = (): void => {
    expect(childrenOf(lab).filter(isRunning)).toHaveLength(1);
    expect(Object.keys(lab.engine.health().gauges).filter((name) => name.startsWith('ended_'))).toEqual([]);
  };

  it.each([
    // An API takes its time before its first byte; what the CLI must not do is decided in that time.
    ['that comes late', 5, '[[first:400]] [[tokens:50]]', 12],
    ['that comes token by token', 900, '[[tokens:1000]] [[slow:1]]', 1],
  ])('by max_tokens in an answer %s, on a busy machine: exactly one request', async (_, limit, answer, times) => {
    const burners: ChildProcess[] = Array.from({ length: 4 }, () => spawn('sh', ['-c', 'while :; do :; done']));
    try {
      for (let i = 0; i < times; i += 1) {
        lab.upstream.clear();
        const ran = await run(lab, turnOf({ max_tokens: limit, messages: say(`${answer} ${i}`) }));
        expect(ran.message.stop_reason).toBe('max_tokens');
        await settled();
        expect(lab.upstream.messageRequests).toHaveLength(1);
      }
    } finally {
      for (const burner of burners) burner.kill('SIGKILL');
    }
    expectOneProcess();
  });

  it('by max_tokens after thinking, whose length nobody is shown', async () => {
    const thinking = { type: 'enabled', budget_tokens: 1024 } as const;
    const messages = say('[[think:Hm]] [[tokens:3000]] [[slow:1]]');
    const ran = await run(lab, turnOf({ max_tokens: 1_100, thinking, messages }));
    expect(ran.message.stop_reason).toBe('max_tokens');
    await settled();
    expect(lab.upstream.messageRequests).toHaveLength(1);
    expectOneProcess();
  });

  it('goes on with what the caller has of it', async () => {
    const messages = say('[[first:300]] [[tokens:50]]');
    const ran = await run(lab, turnOf({ max_tokens: 5, messages }));
    const next = goOn(messages, ran, 'Go on');
    expect((await run(lab, turnOf({ messages: next }))).text).toContain('Go on');
    expect(sentMessages(lab)).toEqual(plain(next));
    expectOneProcess();
  });

  it('by a client that leaves in a later turn: the turns before it stay', async () => {
    const first = await run(lab, turnOf({ messages: say('Hello') }));
    const messages = goOn(say('Hello'), first, '[[tokens:50]] [[slow:100]]');
    const events = lab.engine.run(turnOf({ messages }), new AbortController().signal);
    await until(events, 'content_block_delta');
    await events.return(undefined);
    await expect.poll(() => lab.upstream.messageRequests.at(-1)?.aborted, patiently).toBe(true);
    await settled();
    const again = goOn(say('Hello'), first, 'Once more');
    expect((await run(lab, turnOf({ messages: again }))).strategy).toBe('continue');
    expect(sentMessages(lab)).toEqual(plain(again));
    expect(lab.upstream.messageRequests).toHaveLength(3);
    expectOneProcess();
  });

  it('by an error of the API: the conversation before it stays', async () => {
    const first = await run(lab, turnOf({ messages: say('Hello') }));
    await failureOf(run(lab, turnOf({ messages: goOn(say('Hello'), first, '[[error:413]]') })));
    await settled();
    expect((await run(lab, turnOf({ messages: goOn(say('Hello'), first, 'Shorter') }))).strategy).toBe('continue');
    expectOneProcess();
  });

  it('while its calls wait, for a conversation that is edited', async () => {
    const first = await run(lab, turnOf({ messages: say('Hello') }));
    const asked = goOn(say('Hello'), first, 'Look [[tool:read {}]] [[tool:read {}]]');
    const called = await run(lab, turnOf({ messages: asked, tools: [read] }));
    expect(called.calls).toHaveLength(2);
    const edited = goOn(say('Hello'), first, 'Never mind');
    const next = await run(lab, turnOf({ messages: edited, tools: [read] }));
    expect(next.strategy).toBe('rewind');
    expect(sentMessages(lab)).toEqual(plain(edited));
    expect(lab.upstream.messageRequests).toHaveLength(3);
    expectOneProcess();
  });

  it('while the answer to its results comes', async () => {
    const question = say('Look [[tool:read {}]] [[then]] [[tokens:50]] [[slow:100]]');
    const first = await run(lab, turnOf({ messages: question, tools: [read] }));
    const messages = goOn(question, first, resultsOf(first));
    const events = lab.engine.run(turnOf({ messages, tools: [read] }), new AbortController().signal);
    await until(events, 'content_block_delta');
    await events.return(undefined);
    await settled();
    lab.upstream.enqueue({ content: [{ type: 'text', text: 'Done' }] });
    expect((await run(lab, turnOf({ messages, tools: [read] }))).text).toBe('Done');
    expect(sentMessages(lab)).toEqual(plain(messages));
    expectOneProcess();
  });

  it('whose answer was the placeholder of Claude Code: it stays in the conversation', async () => {
    const messages = say('[[text:(no content)]]');
    const ran = await run(lab, turnOf({ messages }));
    expect(ran.text).toBe('(no content)');
    await run(lab, turnOf({ messages: goOn(messages, ran, 'And?') }));
    const [, answer] = sentMessages(lab) as { content: { text: string }[] }[];
    expect(answer?.content.map(({ text }) => text).join('')).toBe('(no content)');
  });

  it('by a count of tokens, for which it is taken, leaves the process', async () => {
    const first = await run(lab, turnOf({ messages: say('Hello') }));
    const messages = goOn(say('Hello'), first, 'And?');
    const tools = [read];
    expect(await lab.engine.countTokens(turnOf({ messages, tools }), new AbortController().signal)).toBeGreaterThan(0);
    expect((await run(lab, turnOf({ messages, tools }))).strategy).toBe('fresh');
    expect(sentMessages(lab)).toEqual(plain(messages));
    expectOneProcess();
  });
});

describe('a process that', () => {
  let lab: Lab;
  afterEach(() => lab.close());

  it.each([
    ['refuses to be cut', 'refuse-rewind', { ended_failed: 1 }],
    ['does not answer when it is to be cut', 'hang-in-rewind', { ended_hung: 1 }],
  ])('%s is ended', async (_, program, ended) => {
    lab = await startLab({ executable: fixture(program), spares: 0 });
    const events = lab.engine.run(turnOf({ messages: say('Hello') }), new AbortController().signal);
    await until(events, 'content_block_delta');
    await events.return(undefined);
    await expect.poll(() => lab.engine.health().gauges, patiently).toMatchObject({ processes: 0, ...ended });
  });
});
