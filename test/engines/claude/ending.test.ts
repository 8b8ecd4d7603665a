/** How turns end: each habit of the CLI that would change an answer, shown not to. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isStreamEvent } from '../../../src/turn/events.ts';
import type { Message, Tool } from '../../../src/turn/turn.ts';
import { failureOf, patiently } from './ends-support.ts';
import {
  plain,
  run,
  sentBody,
  sentMessages,
  slowToContinue,
  startLab,
  turnOf,
  ways,
  type Lab,
  type Ran,
} from './support.ts';

const read: Tool = { name: 'read', input_schema: { type: 'object', properties: { path: { type: 'string' } } } };
const say = (content: string): Message[] => [{ role: 'user', content }];

/** The next request after `ran`, with something new to say. */
const after = (messages: Message[], ran: Ran, content: string): Message[] => [
  ...messages,
  { role: 'assistant', content: ran.message.content },
  { role: 'user', content },
];

describe.each(ways)('a turn ends as the API said ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ maxRetries: 1, recycle });
    await lab.engine.warmUp();
  });
  beforeEach(() => lab.upstream.clear());
  afterAll(() => lab.close());

  const completed = () => lab.upstream.messageRequests.filter((request) => request.completed).length;

  it.each([
    ['max_tokens', '[[text:cut off]] [[stop:max_tokens]]'],
    ['model_context_window_exceeded', '[[text:cut off]] [[stop:model_context_window_exceeded]]'],
    ['refusal', '[[text:No]] [[refuse]]'],
    ['pause_turn', '[[text:Wait]] [[pause]]'],
  ])('%s: one completed request, nothing invented, and the next request replays', async (stop, directive) => {
    lab.upstream.script(slowToContinue);
    const messages = say(directive);
    const ran = await run(lab, turnOf({ messages }));
    expect(ran.message.stop_reason).toBe(stop);
    expect(ran.events.filter(isStreamEvent).at(-1)?.type).toBe('message_stop');
    const next = await run(lab, turnOf({ messages: after(messages, ran, 'Go on') }));
    // What is left of the conversation on the process is what came before the turn.
    expect(next.strategy).toBe(recycle ? 'fresh' : 'start');
    expect(completed()).toBe(2);
    expect(sentMessages(lab)).toEqual(plain(after(messages, ran, 'Go on')));
  });

  // The CLI would ask the model to go on ("[Your previous response had no visible output…]").
  it.each([
    ['end_turn', []],
    ['end_turn', [{ type: 'text', text: ' \n' }]],
    ['end_turn', [{ type: 'thinking', thinking: 'Hm' }]],
    ['stop_sequence', []],
    ['refusal', []],
  ] as const)(
    '%s without visible text %j: one completed request, and nothing of it comes into the conversation',
    async (stop, content) => {
      lab.upstream.script(slowToContinue);
      lab.upstream.enqueue({ content: [...content], stopReason: stop });
      const messages = say('Say nothing');
      const ran = await run(lab, turnOf({ messages }));
      expect(ran.message.stop_reason).toBe(stop);
      const next = [...messages, { role: 'assistant' as const, content: ran.message.content }, ...say('And now?')];
      expect((await run(lab, turnOf({ messages: next }))).text).toContain('And now?');
      expect(completed()).toBe(2);
      expect(sentMessages(lab)).toEqual(
        plain([
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Say nothing' },
              { type: 'text', text: 'And now?' },
            ],
          },
        ]),
      );
    },
  );

  it('stop_sequence: named, and the process goes on', async () => {
    const messages = say('[[text:one two END three]]');
    const ran = await run(lab, turnOf({ messages, stop_sequences: ['END'] }));
    expect(ran.message).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
    expect((await run(lab, turnOf({ messages: after(messages, ran, 'Go on') }))).strategy).toBe('continue');
  });

  it('a call of a tool that was not offered goes to the client, and no hidden request is answered', async () => {
    lab.upstream.enqueue({ content: [{ type: 'tool_use', name: 'unheard_of', input: { a: 1 } }] });
    lab.upstream.script(() => ({ content: [{ type: 'text', text: 'invented' }], firstByteDelayMs: 3_000 }));
    const messages = say('call something else');
    const ran = await run(lab, turnOf({ messages, tools: [read] }));
    expect(ran.calls.map(({ name }) => name)).toEqual(['unheard_of']);
    expect(ran.message.stop_reason).toBe('tool_use');
    await expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(0);
    expect(completed()).toBe(1);
  });

  it.each([
    [400, 'upstream_invalid_request'],
    [401, 'upstream_authentication'],
    [403, 'upstream_permission'],
    [404, 'upstream_not_found'],
    [413, 'upstream_too_large'],
    [429, 'upstream_rate_limited'],
    [500, 'upstream_error'],
    [529, 'upstream_overloaded'],
  ])('HTTP %i is %s, and the conversation is not lost', async (status, code) => {
    const error = await failureOf(run(lab, turnOf({ messages: say(`[[error:${status}]]`) })));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/API Error|127\.0\.0\.1/);
    expect((await run(lab, turnOf({ messages: say('Again') }))).text).toContain('Again');
  });

  it('a retry of the CLI delays the answer, visibly', async () => {
    const ran = await run(lab, turnOf({ messages: say('[[error:529 times=1]] [[text:fine]]') }));
    expect(ran.text).toContain('fine');
    expect(ran.events).toContainEqual(
      expect.objectContaining({ type: 'notice', notice: expect.objectContaining({ kind: 'retry', status: 529 }) }),
    );
  });

  // The CLI then asks again without streaming; with a call in such an answer it would wait for ever.
  it.each([
    ['[[text:fine]]', 'end_turn'],
    ['[[text:both]] [[tool:read {"path":"a"}]] [[tool:read {"path":"b"}]]', 'tool_use'],
    ['[[tokens:50]] [[stop:max_tokens]]', 'max_tokens'],
  ])('a passing 404 delays the answer %s and does not change it', async (directive, stop) => {
    lab.upstream.script(slowToContinue);
    const messages = say(`[[error:404 times=1]] ${directive}`);
    const ran = await run(lab, turnOf({ messages, tools: [read] }));
    expect(ran.message.stop_reason).toBe(stop);
    expect(
      lab.upstream.messageRequests
        .filter((request) => request.completed)
        .map(({ body }) => (body as { stream?: boolean }).stream),
    ).toEqual([true, false, true]);
    const asked = await run(lab, turnOf({ messages: say(directive), tools: [read] }));
    expect(asked.message.content.map((block) => ({ ...block, id: '' }))).toEqual(
      ran.message.content.map((block) => ({ ...block, id: '' })),
    );
  });

  it('an error inside the stream is an error, though the CLI ends the message as if it were whole', async () => {
    const events: string[] = [];
    const failing = async () => {
      for await (const event of lab.engine.run(
        turnOf({ messages: say('[[error-mid:overloaded_error]]') }),
        new AbortController().signal,
      ))
        events.push(event.type);
    };
    expect((await failureOf(failing())).code).toBe('upstream_overloaded');
    expect(events).not.toContain('message_stop');
    expect(events).not.toContain('message_delta');
  });

  it('a connection cut in mid-stream is an error, never a second beginning', async () => {
    const events: string[] = [];
    const failing = async () => {
      for await (const event of lab.engine.run(
        turnOf({ messages: say('[[tokens:30]] [[cut:10]]') }),
        new AbortController().signal,
      ))
        events.push(event.type);
    };
    expect((await failureOf(failing())).code).toMatch(/^upstream_(error|unreachable)$/);
    expect(events.filter((type) => type === 'message_start').length).toBeLessThanOrEqual(1);
    expect(events).not.toContain('message_stop');
  });

  it('an aborted turn aborts the upstream request', async () => {
    const abort = new AbortController();
    const failing = run(lab, turnOf({ messages: say('[[tokens:400]] [[slow:20]]') }), abort.signal);
    await expect.poll(() => lab.upstream.messageRequests.length, patiently).toBe(1);
    abort.abort();
    expect((await failureOf(failing)).code).toBe('client_closed');
    await expect.poll(() => lab.upstream.messageRequests[0]?.aborted, patiently).toBe(true);
  });

  it('parameters reach the upstream, and those of one turn do not stay for the next', async () => {
    const messages = say('first');
    const tools = [read];
    const ran = await run(
      lab,
      turnOf({
        messages,
        tools,
        temperature: 0.3,
        top_k: 5,
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        stop_sequences: ['END'],
        metadata: { user_id: 'u' },
      }),
    );
    expect(sentBody(lab)).toMatchObject({
      max_tokens: 1000,
      temperature: 0.3,
      top_k: 5,
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      tools,
    });
    const next = await run(lab, turnOf({ messages: after(messages, ran, 'second'), max_tokens: 50 }));
    expect(next.strategy).toBe('continue');
    const body = sentBody(lab);
    expect(body).toMatchObject({ max_tokens: 50, tools: [] });
    expect(Object.keys(body)).not.toContain('top_k');
    expect(Object.keys(body)).not.toContain('tool_choice');
    expect(Object.keys(body)).not.toContain('stop_sequences');
  });
});
