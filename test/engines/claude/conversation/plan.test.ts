import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toConversation } from '../../../../src/engines/claude/conversation/conversation.ts';
import { COST } from '../../../../src/engines/claude/conversation/costs.ts';
import { nextHead, signaturesOf } from '../../../../src/engines/claude/conversation/heads.ts';
import {
  choosePlan,
  type HeldMessage,
  type Plan,
  type ProcessView,
} from '../../../../src/engines/claude/conversation/plan.ts';
import { toTurnSettings } from '../../../../src/engines/claude/process/control/turn-settings.ts';
import type { TextBlockParam, ImageBlockParam } from '@anthropic-ai/sdk/resources/messages.js';
import type { ContentBlock, Message, TurnRequest } from '../../../../src/turn/turn.ts';
import { png } from '../png.ts';
import { MODEL } from '../support.ts';

type Request = Partial<TurnRequest> & { messages: Message[] };

const HAIKU = 'claude-haiku-4-5-20251001';
const whole = (request: Request): TurnRequest => ({ model: MODEL, max_tokens: 100, ...request });
const text = (value: string): TextBlockParam => ({ type: 'text', text: value });
const call = (id: string, input: object = {}): ContentBlock => ({ type: 'tool_use', id, name: 'read', input });
const result = (id: string, content: string | undefined = 'done'): ContentBlock => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
});
const thought = (signature: string): ContentBlock => ({ type: 'thinking', thinking: 't', signature });
const user = (...content: ContentBlock[]): Message => ({ role: 'user', content });
const assistant = (...content: ContentBlock[]): Message => ({ role: 'assistant', content });

const conversationOf = (request: Request, owner = 'me') => {
  const conversation = toConversation(owner, whole(request));
  if (conversation === undefined) throw new Error('the request has no user turn');
  return conversation;
};

interface Kept extends Partial<ProcessView> {
  readonly owner?: string;
}

/** What a process holds after it answered `request` with `answer`. Results of calls have no id of ours. */
const after = (request: Request, answer: ContentBlock[], { owner = 'me', ...changes }: Kept = {}): ProcessView => {
  const conversation = conversationOf(request, owner);
  const asked = [...conversation.history, conversation.turn].map((exchange, index): HeldMessage => ({
    head: conversation.heads[index + 1] ?? '',
    signatures: signaturesOf(exchange),
    ...(exchange.role === 'user' &&
      !exchange.content.some(({ type }) => type === 'tool_result') && { id: `id-${index}` }),
  }));
  const said = { role: 'assistant' as const, content: answer };
  const head = nextHead(conversation.heads.at(-1) ?? '', said);
  return {
    id: 1,
    prompt: conversation.system === '' ? undefined : conversation.system,
    recyclable: true,
    model: request.model ?? MODEL,
    held: [...asked, { head, signatures: signaturesOf(said) }],
    turns: Math.ceil(asked.length / 2),
    pending: new Set(answer.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))),
    offeredTools: new Set(['read', 'write']),
    lastUsed: 0,
    ...changes,
  };
};

/** One that holds nothing. */
const empty = (changes: Partial<ProcessView> = {}): ProcessView => ({
  id: 9,
  prompt: 'another',
  recyclable: true,
  model: '',
  held: [],
  turns: 0,
  pending: new Set(),
  offeredTools: new Set(),
  lastUsed: 0,
  ...changes,
});

const choose = (request: Request, processes: ProcessView[], { room = true, owner = 'me' } = {}): Plan | undefined =>
  choosePlan(conversationOf(request, owner), toTurnSettings(whole(request)), { processes, room });

const first: Request = { system: 'S', messages: [user(text('Hi'))] };
const answered = [text('Hello there')];
const next = (answer: Message['content'], ...more: Message[]): Request => ({
  system: 'S',
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: answer },
    ...(more.length > 0 ? more : [user(text('Go on'))]),
  ],
});

describe('the next request of a conversation goes on', () => {
  it.each<[string, Request]>([
    ['with the answer as blocks', next(answered)],
    ['with the answer as a string', next('Hello there')],
    ['with the answer trimmed or with line ends changed', next('  Hello there \n')],
    ['with the answer in two blocks', next([text('Hello '), text('there')])],
    ['with empty blocks added', next([text(''), text('Hello there')])],
    [
      'with other settings',
      {
        ...next(answered),
        temperature: 0.2,
        max_tokens: 7,
        tools: [{ name: 'new', input_schema: { type: 'object' } }],
      },
    ],
    ['with the system prompt as one block', { ...next(answered), system: [{ type: 'text', text: 'S' }] }],
    ['with another system prompt', { ...next(answered), system: 'T' }],
    ['with cache breakpoints', next([{ type: 'text', text: 'Hello there', cache_control: { type: 'ephemeral' } }])],
    ['with two user messages in a row', next(answered, user(text('a')), user(text('b')))],
    ['with a system message in between', next(answered, { role: 'system', content: 'Mind this' }, user(text('b')))],
  ])('%s', (_name, request) => {
    expect(choose(request, [empty(), after(first, answered)])).toEqual({ kind: 'continue', process: 1, append: [] });
  });

  it('where thinking is dropped, or is what is held', () => {
    const held = after(first, [thought('s1'), ...answered]);
    expect(choose(next(answered), [held])?.kind).toBe('continue');
    expect(choose(next([thought('s1'), ...answered]), [held])?.kind).toBe('continue');
    expect(choose(next([thought('other'), ...answered]), [held])?.kind).toBe('fresh');
  });
});

describe('a conversation of which a process holds the beginning is cut there', () => {
  const talk = (...said: string[]): Request => ({
    system: 'S',
    messages: said.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
  });
  const held = after(talk('u0', 'a1', 'u2', 'a3', 'u4'), [text('a5')]);
  it.each<[string, Request, number, number]>([
    ['an edited question', talk('u0', 'a1', 'u2', 'a3', 'other'), 4, 0],
    ['a regenerated answer', talk('u0', 'a1', 'u2', 'a3', 'u4'), 4, 0],
    ['a branch', talk('u0', 'a1', 'u2', 'a3', 'b4', 'b5', 'b6'), 4, 2],
    ['an edited answer: the question before it goes too', talk('u0', 'a1', 'u2', 'other', 'u4'), 2, 2],
    [
      'an answer that was cut off: what is missing is appended',
      talk('u0', 'a1', 'u2', 'a3', 'u4', 'a5', 'u6', 'cut', 'u8'),
      6,
      2,
    ],
  ])('%s', (_name, request, keep, appended) => {
    const plan = choose(request, [held]);
    expect(plan).toMatchObject({ kind: 'rewind', process: 1, keep });
    expect(plan?.kind === 'rewind' && plan.append).toHaveLength(appended);
  });

  it('but not where another process holds nothing, and the end is worth more than the beginning', () => {
    const long = talk(...Array.from({ length: 41 }, (_, i) => `m${i}`));
    const side = talk('m0', 'm1', 'a side question');
    expect(choose(side, [after(long, [text('end')]), empty()])).toMatchObject({ kind: 'fresh', process: 9 });
    expect(choose(talk('m0'), [after(long, [text('end')]), empty()])).toMatchObject({ kind: 'fresh', process: 9 });
  });

  it('but not with another model, which would write into the conversation', () => {
    const request = { ...talk('u0', 'a1', 'u2', 'a3', 'other'), model: HAIKU };
    expect(choose(request, [held])).toMatchObject({ kind: 'fresh', process: 1 });
  });
});

describe('a conversation that no process holds', () => {
  const process = (id: number, turns: number, lastUsed: number, more: Partial<ProcessView> = {}): ProcessView => ({
    ...after({ system: `S${id}`, messages: [user(text(`q${id}`))] }, answered),
    id,
    turns,
    lastUsed,
    ...more,
  });
  const waiting = { pending: new Set(['toolu_1']) };
  it.each<[string, ProcessView[], boolean, object | undefined]>([
    [
      'takes one that holds nothing',
      [process(1, 1, 0), empty(), process(2, 5, 0)],
      true,
      { kind: 'fresh', process: 9 },
    ],
    [
      'then one of a single turn, the oldest first',
      [process(1, 1, 7), process(2, 1, 5), process(3, 4, 1)],
      true,
      { kind: 'fresh', process: 2 },
    ],
    [
      'then the least recently used',
      [process(1, 2, 7), process(2, 9, 5), process(3, 4, 6)],
      true,
      { kind: 'fresh', process: 2 },
    ],
    ['then a new one', [process(1, 2, 7, waiting)], true, { kind: 'start' }],
    [
      'where there is no room, one whose calls wait',
      [process(1, 2, 7, waiting), process(2, 2, 5, waiting)],
      false,
      { kind: 'fresh', process: 2 },
    ],
    ['or none', [], false, undefined],
    [
      'leaves alone one that may not be given another',
      [process(1, 2, 0, { recyclable: false })],
      true,
      { kind: 'start' },
    ],
    [
      'and ends it where there is no room',
      [process(1, 2, 0, { recyclable: false })],
      false,
      { kind: 'start', ends: 1 },
    ],
    [
      'prefers one that has a prompt already',
      [empty({ id: 1, prompt: undefined }), empty({ id: 2 })],
      true,
      { kind: 'fresh', process: 2 },
    ],
    ['but takes one without', [empty({ id: 1, prompt: undefined })], true, { kind: 'fresh', process: 1 }],
  ])('%s', (_name, processes, room, plan) => {
    const chosen = choose({ system: 'new', messages: [user(text('new'))] }, processes, { room });
    if (plan === undefined) expect(chosen).toBeUndefined();
    else expect(chosen).toMatchObject(plan);
  });

  it('without a system prompt needs a process that has none', () => {
    const request = { messages: [user(text('new'))] };
    expect(choose(request, [empty(), empty({ id: 2, prompt: undefined })])).toMatchObject({
      kind: 'fresh',
      process: 2,
    });
    expect(choose(request, [empty()])).toEqual({ kind: 'start' });
    expect(choose(request, [empty()], { room: false })).toEqual({ kind: 'start', ends: 9 });
  });

  it('of another owner is none of this one, whatever is said', () => {
    expect(choose(next(answered), [after(first, answered, { owner: 'other' })])).toMatchObject({ kind: 'fresh' });
  });

  it.each([
    ['a large image before a finished answer', next(answered).messages, 'fresh'],
    [
      'a large image before a finished answer',
      [user(png(2_100, 1_000)), assistant(text('White')), user(text('Sure?'))],
      'resume',
    ],
    [
      'a large image in an open tool loop',
      [user(png(2_100, 1_000)), assistant(call('toolu_1')), user(result('toolu_1'))],
      'fresh',
    ],
  ])('%s is taken in by the way that keeps it', (_name, messages, kind) => {
    expect(choose({ system: 'S', messages }, [empty()])?.kind).toBe(kind);
  });

  it('of very many messages is read by a process at its start', () => {
    const most = Math.ceil(COST.resume / COST.append);
    const messages = (count: number) =>
      Array.from({ length: count + 1 }, (_, i): Message => ({
        role: i % 2 === 0 ? 'user' : 'assistant',
        content: `${i}`,
      }));
    expect(choose({ messages: messages(most - 20) }, [empty({ prompt: undefined })])?.kind).toBe('fresh');
    expect(choose({ messages: messages(most + 20) }, [empty({ prompt: undefined })])?.kind).toBe('resume');
  });
});

describe('waiting calls', () => {
  const tools = ['read', 'write'].map((name) => ({ name, input_schema: { type: 'object' as const } }));
  const asked: Request = { ...first, tools };
  const calls = [text('Looking'), call('toolu_1', { a: 1, b: { c: 2, d: 3 } }), call('toolu_2')];
  const held = after(asked, calls);
  const answer = (...results: ContentBlock[]): Request => ({ ...next(calls, user(...results)), tools });

  it.each<[string, Request]>([
    ['by their results', answer(result('toolu_1'), result('toolu_2'))],
    ['in another order', answer(result('toolu_2'), result('toolu_1'))],
    ['in two messages', { ...next(calls, user(result('toolu_1')), user(result('toolu_2'))), tools }],
    [
      'with the keys of the input reordered',
      {
        ...next(
          [text('Looking'), call('toolu_1', { b: { d: 3, c: 2 }, a: 1 }), call('toolu_2')],
          user(result('toolu_1'), result('toolu_2')),
        ),
        tools,
      },
    ],
    [
      'with the text before the calls trimmed',
      { ...next([text(' Looking\n'), ...calls.slice(1)], user(result('toolu_1'), result('toolu_2'))), tools },
    ],
    ['with fewer tools than before', { ...answer(result('toolu_1'), result('toolu_2')), tools: tools.slice(0, 1) }],
    [
      'with a changed definition of a tool',
      {
        ...answer(result('toolu_1'), result('toolu_2')),
        tools: tools.map((tool) => ({ ...tool, description: 'new' })),
      },
    ],
  ])('are answered %s', (_name, request) => {
    expect(choose(request, [empty(), held])).toMatchObject({ kind: 'answer', process: 1 });
  });

  const small = png(1, 1) as ImageBlockParam;
  it.each<[string, Request]>([
    ['not the results of just the waiting calls', answer(result('toolu_1'))],
    ['not the results of just the waiting calls', answer(result('toolu_1'), result('toolu_2'), result('toolu_3'))],
    ['two results for one call', answer(result('toolu_1'), result('toolu_1'))],
    ['mixed with new user content', answer(result('toolu_1'), result('toolu_2'), text('and stop'))],
    ['mixed with new user content', answer(text('Never mind'))],
    ['an empty result', answer(result('toolu_1', ''), result('toolu_2'))],
    ['an empty result', answer({ type: 'tool_result', tool_use_id: 'toolu_1' }, result('toolu_2'))],
    ['a large result', answer(result('toolu_1', 'x'.repeat(300_000)), result('toolu_2'))],
    [
      'an error that is long',
      answer(
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: 'x'.repeat(9_000) },
        result('toolu_2'),
      ),
    ],
    [
      'an error that is not one text',
      answer(
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: [text('no'), small] },
        result('toolu_2'),
      ),
    ],
    [
      'a result that MCP cannot carry',
      answer(
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }],
        },
        result('toolu_2'),
      ),
    ],
    [
      'another system prompt, as of an agent that takes over',
      { ...answer(result('toolu_1'), result('toolu_2')), system: 'T', tools },
    ],
    [
      'new tools inside a tool loop',
      {
        ...answer(result('toolu_1'), result('toolu_2')),
        tools: [...tools, { name: 'third', input_schema: { type: 'object' } }],
      },
    ],
    ['another model', { ...answer(result('toolu_1'), result('toolu_2')), model: HAIKU }],
  ])('that cannot be answered so give the process up: %s', (_reason, request) => {
    expect(choose(request, [held])).toMatchObject({ kind: 'fresh', process: 1 });
  });

  it('in a later turn are cut off, and the turns before them stay', () => {
    const before = next(answered, user(text('Look')));
    const later = after({ ...before, tools }, calls);
    const request = { ...before, tools, messages: [...before.messages, assistant(...calls), user(text('Never mind'))] };
    expect(choose(request, [later])).toMatchObject({ kind: 'rewind', process: 1, keep: 2 });
  });

  it('carry images, and results of exactly the waiting calls', () => {
    const plan = choose(
      answer({ type: 'tool_result', tool_use_id: 'toolu_1', content: [small] }, result('toolu_2', 'two')),
      [held],
    );
    if (plan?.kind !== 'answer') throw new Error(plan?.kind);
    const { data } = png(1, 1).source;
    expect(Object.fromEntries(plan.results)).toEqual({
      toolu_1: { content: [{ type: 'image', data, mimeType: 'image/png' }], isError: false },
      toolu_2: { content: [{ type: 'text', text: 'two' }], isError: false },
    });
  });
});

/** Conversations over a tiny alphabet, so that equal beginnings are common. */
const message = fc.constantFrom('a', 'b', 'a ', 'aa');
const dialogue = fc.record({
  owner: fc.constantFrom('x', 'y'),
  system: fc.constantFrom('S', 'T', ''),
  model: fc.constantFrom(MODEL, HAIKU),
  said: fc.array(message, { minLength: 1, maxLength: 9 }),
});

describe('two conversations never mix', () => {
  const toRequest = (system: string, said: readonly string[]): Request => ({
    system,
    messages: said.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
  });

  it('what is kept of a process, with what is appended, is the history of the request and of nobody else', () => {
    fc.assert(
      fc.property(fc.array(dialogue, { maxLength: 6 }), dialogue, fc.boolean(), (others, asked, room) => {
        const processes = others.flatMap(({ owner, system, model, said }, id) => {
          const turns = said.slice(0, said.length - (said.length % 2));
          const answer = turns.at(-1);
          if (answer === undefined) return [empty({ id })];
          return [
            after({ ...toRequest(system, turns.slice(0, -1)), model }, [text(answer)], { id, owner, lastUsed: id }),
          ];
        });
        const said = asked.said.length % 2 === 1 ? asked.said : [...asked.said, 'end'];
        const request = { ...toRequest(asked.system, said), model: asked.model };
        const plan = choose(request, processes, { room, owner: asked.owner });
        if (plan === undefined) {
          expect(room).toBe(false);
          return;
        }
        if (plan.kind === 'start' || plan.kind === 'resume' || plan.kind === 'answer') return;
        const process = processes.find(({ id }) => id === plan.process);
        const other = others[plan.process];
        if (asked.system === '') expect(process?.prompt).toBeUndefined();
        const keep = plan.kind === 'fresh' ? 0 : plan.kind === 'continue' ? (process?.held.length ?? 0) : plan.keep;
        expect(keep + plan.append.length).toBe(said.length - 1);
        if (keep === 0) return;
        expect([other?.owner, process?.model]).toEqual([asked.owner, asked.model]);
        // What follows is cut off before a user message of ours, or nothing follows.
        if (keep < (process?.held.length ?? 0)) expect(process?.held[keep]?.id).toBeDefined();
        // User messages to the letter; of answers, white space at the ends may differ.
        const asHeads = (lines: readonly string[]) =>
          lines.map((line, index) => (index % 2 === 0 ? line : line.trim()));
        expect(asHeads(other?.said.slice(0, keep) ?? [])).toEqual(asHeads(said.slice(0, keep)));
      }),
      { numRuns: 5_000 },
    );
  });
});
