import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseSession,
  toConversation,
  type SessionView,
} from '../../../../src/engines/claude/process/choose-session.ts';
import { chainNext } from '../../../../src/engines/claude/process/history.ts';
import { toLiveSettings } from '../../../../src/engines/claude/process/settings.ts';
import type { TextBlockParam, ImageBlockParam } from '@anthropic-ai/sdk/resources/messages.js';
import type { ContentBlock, Message, TurnRequest } from '../../../../src/turn/turn.ts';
import { MODEL } from '../support.ts';

/** One pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

type Request = Partial<TurnRequest> & { messages: Message[] };

const whole = (request: Request): TurnRequest => ({ model: MODEL, max_tokens: 100, ...request });

const conversationOf = (request: Request, owner = 'me') => {
  const conversation = toConversation(owner, whole(request));
  if (conversation === undefined) throw new Error('the request has no user turn');
  return conversation;
};

/** What a process holds after it answered `request` with `answer`. */
const sessionAfter = (
  request: Request,
  answer: ContentBlock[],
  more: Partial<SessionView> & { owner?: string } = {},
): SessionView => {
  const { owner = 'me', ...changes } = more;
  const conversation = conversationOf(request, owner);
  return {
    id: 1,
    head: chainNext(conversation.nextHead, { role: 'assistant', content: answer }),
    model: request.model ?? MODEL,
    signatures: [],
    pending: new Set(answer.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))),
    offeredTools: new Set(['read', 'write']),
    ...changes,
  };
};

const choose = (request: Request, sessions: SessionView[], owner = 'me') =>
  chooseSession(conversationOf(request, owner), toLiveSettings(whole(request)), sessions);

const text = (value: string): TextBlockParam => ({ type: 'text', text: value });
const call = (id: string, input: object = {}): ContentBlock => ({ type: 'tool_use', id, name: 'read', input });
const result = (id: string, content: string | undefined = 'done'): ContentBlock => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
});
const user = (...content: ContentBlock[]): Message => ({ role: 'user', content });
const assistant = (...content: ContentBlock[]): Message => ({ role: 'assistant', content });

const first: Request = { system: 'S', messages: [{ role: 'user', content: 'Hi' }] };
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
  const session = sessionAfter(first, answered);
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
    ['with cache breakpoints', next([{ type: 'text', text: 'Hello there', cache_control: { type: 'ephemeral' } }])],
    ['with two user messages in a row', next(answered, user(text('a')), user(text('b')))],
    ['with a system message in between', next(answered, { role: 'system', content: 'Mind this' }, user(text('b')))],
  ])('%s', (_name, request) => {
    expect(choose(request, [session])).toEqual({ kind: 'continue', session: 1 });
  });

  it('where thinking is lost, or is the one that is held', () => {
    const held = sessionAfter(first, answered, { signatures: ['s0', 's1'] });
    expect(choose(next(answered), [held]).kind).toBe('continue');
    expect(choose(next([{ type: 'thinking', thinking: 't', signature: 's1' }, text('Hello there')]), [held]).kind).toBe(
      'continue',
    );
    expect(
      choose(next([{ type: 'thinking', thinking: 't', signature: 'other' }, text('Hello there')]), [held]),
    ).toMatchObject({ reason: 'other thinking blocks' });
  });
});

describe('a conversation that no process holds is replayed', () => {
  const session = sessionAfter(first, answered);
  it.each<[string, Request]>([
    ['a new one', first],
    ['an edited question', { system: 'S', messages: [user(text('Hi!')), assistant(...answered), user(text('Go on'))] }],
    ['an edited answer', next('Hello here')],
    ['an answer whose inner white space was edited', next('Hello\n    there')],
    ['another system prompt', { ...next(answered), system: 'T' }],
    ['no system prompt', { messages: next(answered).messages }],
    ['a branch further back', next(answered, user(text('Go on')), assistant(text('Other')), user(text('More')))],
    ['a regenerated first answer', { system: 'S', messages: [user(text('Hi'))] }],
    [
      'the same text of another speaker',
      { system: 'S', messages: [user(text('Hi')), user(...answered), user(text('Go on'))] },
    ],
  ])('%s', (_name, request) => {
    expect(choose(request, [session])).toMatchObject({ kind: 'replay', supersedes: [] });
  });

  it('also where another owner holds the very same words', () => {
    expect(choose(next(answered), [sessionAfter(first, answered, { owner: 'other' })])).toMatchObject({
      kind: 'replay',
    });
  });

  it('and the process that held it is superseded when it cannot serve the request any more', () => {
    expect(choose({ ...next(answered), model: 'claude-haiku-4-5-20251001' }, [session])).toEqual({
      kind: 'replay',
      reason: 'another model',
      supersedes: [1],
    });
  });

  it('but a second process that holds the same serves', () => {
    const haiku = sessionAfter(first, answered, { model: 'claude-haiku-4-5-20251001' });
    expect(choose(next(answered), [haiku, { ...session, id: 2 }])).toEqual({ kind: 'continue', session: 2 });
  });
});

describe('waiting calls', () => {
  const tools = ['read', 'write'].map((name) => ({ name, input_schema: { type: 'object' as const } }));
  const asked: Request = { ...first, tools };
  const calls = [text('Looking'), call('toolu_1', { a: 1, b: { c: 2, d: 3 } }), call('toolu_2')];
  const session = sessionAfter(asked, calls);
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
    expect(choose(request, [session])).toMatchObject({ kind: 'answer-suspended', session: 1 });
  });

  const image: ImageBlockParam = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
  it.each<[string, Request]>([
    ['not the results of just the waiting calls', answer(result('toolu_1'))],
    ['not the results of just the waiting calls', answer(result('toolu_1'), result('toolu_2'), result('toolu_3'))],
    ['not the results of just the waiting calls', answer(result('toolu_1'), result('toolu_9'))],
    ['two results for one call', answer(result('toolu_1'), result('toolu_1'))],
    ['mixed with new user content', answer(result('toolu_1'), result('toolu_2'), text('and stop'))],
    ['mixed with new user content', answer(text('Never mind'))],
    ['an empty result', answer(result('toolu_1', ''), result('toolu_2'))],
    ['an empty result', answer({ type: 'tool_result', tool_use_id: 'toolu_1' }, result('toolu_2'))],
    ['a large result', answer(result('toolu_1', 'x'.repeat(300_000)), result('toolu_2'))],
    [
      'an error that is long or not one text',
      answer(
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: 'x'.repeat(9_000) },
        result('toolu_2'),
      ),
    ],
    [
      'an error that is long or not one text',
      answer(
        { type: 'tool_result', tool_use_id: 'toolu_1', is_error: true, content: [text('no'), image] },
        result('toolu_2'),
      ),
    ],
    [
      'a result with a image block that MCP cannot carry',
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
      'new tools inside a tool loop',
      {
        ...answer(result('toolu_1'), result('toolu_2')),
        tools: [...tools, { name: 'third', input_schema: { type: 'object' } }],
      },
    ],
    ['another model', { ...answer(result('toolu_1'), result('toolu_2')), model: 'claude-haiku-4-5-20251001' }],
  ])('fall back to replay: %s', (reason, request) => {
    expect(choose(request, [session])).toEqual({ kind: 'replay', reason, supersedes: [1] });
  });

  it('carry images, and results of exactly the waiting calls', () => {
    const choice = choose(
      answer({ type: 'tool_result', tool_use_id: 'toolu_1', content: [image] }, result('toolu_2', 'two')),
      [session],
    );
    if (choice.kind !== 'answer-suspended') throw new Error(choice.kind);
    expect(Object.fromEntries(choice.results)).toEqual({
      toolu_1: { content: [{ type: 'image', data: PNG, mimeType: 'image/png' }], isError: false },
      toolu_2: { content: [{ type: 'text', text: 'two' }], isError: false },
    });
  });
});

/** Conversations over a tiny alphabet, so that equal beginnings are common. */
const message = fc.constantFrom('a', 'b', 'a ', 'aa');
const dialogue = fc.record({
  owner: fc.constantFrom('x', 'y'),
  system: fc.constantFrom('S', 'T', ''),
  said: fc.array(message, { minLength: 1, maxLength: 7 }),
});

describe('two conversations never mix', () => {
  const toRequest = (system: string, said: readonly string[]): Request => ({
    system,
    messages: said.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
  });

  it('a session is chosen only for the owner, the system prompt and the words that it holds', () => {
    fc.assert(
      fc.property(fc.array(dialogue, { maxLength: 6 }), dialogue, (held, asked) => {
        const sessions = held.flatMap(({ owner, system, said }, id) => {
          const turns = said.slice(0, said.length - (said.length % 2));
          const answer = turns.at(-1);
          return answer === undefined
            ? []
            : [sessionAfter(toRequest(system, turns.slice(0, -1)), [text(answer)], { id, owner })];
        });
        const said = asked.said.length % 2 === 1 ? asked.said : [...asked.said, 'end'];
        const choice = choose(toRequest(asked.system, said), sessions, asked.owner);
        if (choice.kind !== 'continue') return;
        const chosen = held[choice.session];
        const turns = chosen?.said.slice(0, chosen.said.length - (chosen.said.length % 2)) ?? [];
        expect([chosen?.owner, chosen?.system]).toEqual([asked.owner, asked.system]);
        // User messages to the letter; of answers, white space at the ends may differ.
        expect(turns.map((line, index) => (index % 2 === 0 ? line : line.trim()))).toEqual(
          said.slice(0, -1).map((line, index) => (index % 2 === 0 ? line : line.trim())),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
