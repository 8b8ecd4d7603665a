/** Which instance serves whom: pure decisions. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicMessages, openAiChat, openAiCompletions } from '../../src/dialects/index.ts';
import { conversationKey } from '../../src/worker/edge/conversation-key.ts';
import { dispatch, type Outgoing } from '../../src/worker/edge/dispatch.ts';
import {
  INTERNAL,
  innerHeaders,
  routedOf,
  verdictResponse,
  type Routed,
  type Verdict,
} from '../../src/worker/internal-protocol.ts';
import { decidePlacement } from '../../src/worker/instance/placement.ts';
import { instanceNames, orderFor } from '../../src/worker/rendezvous.ts';

const keys = Array.from({ length: 4000 }, (_, index) => `conversation ${index}`);
const homeOf = (key: string, names: readonly string[]): string => orderFor(key, names)[0] ?? '';

describe('rendezvous hashing', () => {
  it('gives each of five names about its share', () => {
    const names = instanceNames('g1', 5);
    const shares = names.map((name) => keys.filter((key) => homeOf(key, names) === name).length / keys.length);
    for (const share of shares) expect(share).toBeGreaterThan(0.17);
    for (const share of shares) expect(share).toBeLessThan(0.23);
  });

  it('moves only the keys of a name that goes away', () => {
    const names = instanceNames('g1', 5);
    const fewer = names.filter((name) => name !== 'g1-i3');
    for (const key of keys) if (homeOf(key, names) !== 'g1-i3') expect(homeOf(key, fewer)).toBe(homeOf(key, names));
  });

  it('spreads the keys of that name over all others', () => {
    const names = instanceNames('g1', 5);
    const orphans = keys.filter((key) => homeOf(key, names) === 'g1-i3');
    expect(new Set(orphans.map((key) => orderFor(key, names)[1])).size).toBe(4);
  });

  it('orders the same names for the same key, whatever the order they are given in', () => {
    fc.assert(
      fc.property(fc.string(), fc.shuffledSubarray([...instanceNames('g', 8)], { minLength: 8 }), (key, names) => {
        expect(orderFor(key, names)).toEqual(orderFor(key, instanceNames('g', 8)));
      }),
    );
  });
});

const keyOf = (body: unknown, headers: Record<string, string> = {}, owner = 'me'): Promise<string> => {
  const object = typeof body === 'object' && body !== null ? body : {};
  const dialect = 'system' in object ? anthropicMessages : 'prompt' in object ? openAiCompletions : openAiChat;
  return conversationKey(owner, new Headers(headers), dialect.conversationStart(object));
};

describe('the key of a conversation', () => {
  const system = { role: 'system', content: 'Be brief.' };
  const first = { role: 'user', content: 'Hello' };
  const more = [
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'And now?' },
  ];

  it('is the same for every request of one conversation', async () => {
    expect(await keyOf({ messages: [system, first, ...more] })).toBe(await keyOf({ messages: [system, first] }));
  });

  it('does not depend on cache marks and on text being a string or a part', async () => {
    const marked = [{ type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }];
    expect(await keyOf({ messages: [system, { role: 'user', content: marked }] })).toBe(
      await keyOf({ messages: [system, first] }),
    );
    const image = { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } };
    const withMark = { ...image, cache_control: { type: 'ephemeral' } };
    expect(await keyOf({ messages: [{ role: 'user', content: [image] }] })).toBe(
      await keyOf({ messages: [{ role: 'user', content: [withMark] }] }),
    );
  });

  it('differs by owner, system text, first message and conversation header', async () => {
    const all = await Promise.all([
      keyOf({ messages: [system, first] }),
      keyOf({ messages: [system, first] }, {}, 'you'),
      keyOf({ messages: [{ ...system, content: 'Be long.' }, first] }),
      keyOf({ messages: [system, { ...first, content: 'Good day' }] }),
      keyOf({ messages: [system, first] }, { 'x-conversation-id': 'a' }),
      keyOf({ messages: [system, first] }, { 'x-conversation-id': 'b' }),
      keyOf({ prompt: 'def f(' }),
      keyOf({ prompt: 'def g(' }),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('finds the system text of the Messages API too, as a string or as blocks', async () => {
    const blocks = [{ type: 'text', text: 'Be brief.' }];
    expect(await keyOf({ system: blocks, messages: [first] })).toBe(
      await keyOf({ system: 'Be brief.', messages: [first, ...more] }),
    );
    expect(await keyOf({ system: 'Be long.', messages: [first] })).not.toBe(
      await keyOf({ system: blocks, messages: [first] }),
    );
  });

  it('with a header, the body does not matter', async () => {
    const named = { 'x-conversation-id': 'a' };
    expect(await keyOf({ messages: [first] }, named)).toBe(await keyOf({ messages: [system] }, named));
  });

  it('exists for any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (body) => {
        expect(await keyOf(body)).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (messages) => {
        expect(await keyOf({ messages })).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
  });
});

describe('the placement of a conversation', () => {
  const names = instanceNames('g1', 4);
  const routed: Routed = {
    requestId: 'req_1',
    self: 'g1-i0',
    dialect: 'openai-chat',
    conversation: 'c',
    owner: 'me',
    role: 'home',
    tried: [],
    awakeOnly: false,
    stream: false,
    bytes: 100,
  };
  const room = {
    names,
    open: 0,
    capacity: 2,
    warm: false,
    waited: false,
    crowded: false,
    leaving: false,
    failing: false,
    awake: true,
  };
  const second = orderFor('c', names).find((name) => name !== 'g1-i0') ?? '';
  const full = { ...room, open: 2 };

  type Row = readonly [
    title: string,
    asked: Routed,
    here: typeof room,
    remembered: string | undefined,
    expected: object,
  ];
  it.each<{ title: string; asked: Routed; here: typeof room; remembered: string | undefined; expected: object }>(
    (
      [
        ['room at home', routed, room, undefined, { kind: 'here' }],
        ['home full, conversation new', routed, full, undefined, { kind: 'send', name: second, awakeOnly: false }],
        ['home full, conversation warm there', routed, { ...full, warm: true }, undefined, { kind: 'wait' }],
        [
          'home full, conversation warm there, waited for',
          routed,
          { ...full, warm: true, waited: true },
          undefined,
          { kind: 'send', name: second, awakeOnly: false },
        ],
        [
          'home full, conversation warm there, everyone asked: in the queue of the server',
          { ...routed, tried: ['g1-i1', 'g1-i2', 'g1-i3'] },
          { ...full, warm: true, waited: true },
          undefined,
          { kind: 'here' },
        ],
        [
          'home ending, full and warm: nothing to wait for',
          routed,
          { ...full, warm: true, leaving: true },
          undefined,
          { kind: 'send', name: second, awakeOnly: false },
        ],
        ['sent away before', routed, room, 'g1-i2', { kind: 'elsewhere', name: 'g1-i2', awakeOnly: false }],
        ['sent to an instance that is no more', routed, room, 'g0-i2', { kind: 'here' }],
        ['sent to one that has no room now', { ...routed, tried: ['g1-i2'] }, room, 'g1-i2', { kind: 'here' }],
        ['everyone asked', { ...routed, tried: ['g1-i1', 'g1-i2', 'g1-i3'] }, full, undefined, { kind: 'full' }],
        ['one instance only', routed, { ...full, names: ['g1-i0'] }, undefined, { kind: 'full' }],
        ['a guest with room', { ...routed, role: 'guest' as const }, room, undefined, { kind: 'here' }],
        ['a guest without', { ...routed, role: 'guest' as const }, full, undefined, { kind: 'full' }],
        [
          'home ending, and others’ answers go on there',
          routed,
          { ...room, leaving: true, warm: true },
          undefined,
          { kind: 'send', name: second, awakeOnly: false },
        ],
        [
          'home ending, one instance only',
          routed,
          { ...room, leaving: true, names: ['g1-i0'] },
          undefined,
          { kind: 'here' },
        ],
        [
          'home ending, everyone asked',
          { ...routed, tried: ['g1-i1', 'g1-i2', 'g1-i3'] },
          { ...room, leaving: true },
          undefined,
          { kind: 'here' },
        ],
        [
          'home cannot start: who is awake is asked',
          routed,
          { ...room, failing: true, awake: false },
          undefined,
          { kind: 'send', name: second, awakeOnly: true },
        ],
        [
          'home cannot start, everyone asked',
          { ...routed, tried: ['g1-i1', 'g1-i2', 'g1-i3'] },
          { ...room, failing: true, awake: false },
          undefined,
          { kind: 'here' },
        ],
        [
          'a guest that would have to start, where only running ones may take it',
          { ...routed, role: 'guest' as const, awakeOnly: true },
          { ...room, awake: false },
          undefined,
          { kind: 'full' },
        ],
        [
          'a guest that runs, where only running ones may take it',
          { ...routed, role: 'guest' as const, awakeOnly: true },
          room,
          undefined,
          { kind: 'here' },
        ],
        [
          'a guest that is ending',
          { ...routed, role: 'guest' as const },
          { ...room, leaving: true, warm: true },
          undefined,
          { kind: 'full' },
        ],
        [
          'a guest that cannot start',
          { ...routed, role: 'guest' as const },
          { ...room, failing: true },
          undefined,
          { kind: 'full' },
        ],
        [
          'what no other instance can answer',
          { ...routed, onlyHere: true },
          { ...full, crowded: true },
          'g1-i2',
          { kind: 'here' },
        ],
        [
          'bodies held up to the limit',
          routed,
          { ...room, crowded: true, warm: true },
          undefined,
          { kind: 'send', name: second, awakeOnly: false },
        ],
        [
          'bodies held up to the limit, one instance only',
          routed,
          { ...room, crowded: true, names: ['g1-i0'] },
          undefined,
          { kind: 'full' },
        ],
        [
          'a guest without, warm, waited for',
          { ...routed, role: 'guest' as const },
          { ...full, warm: true, waited: true },
          undefined,
          { kind: 'full' },
        ],
        [
          'a guest without, warm',
          { ...routed, role: 'guest' as const },
          { ...full, warm: true },
          undefined,
          { kind: 'wait' },
        ],
      ] satisfies readonly Row[]
    ).map(([title, asked, here, remembered, expected]) => ({ title, asked, here, remembered, expected })),
  )('$title', ({ asked, here, remembered, expected }) => {
    expect(decidePlacement(asked, here, remembered)).toEqual(expected);
  });

  it('never asks the same instance twice, and ends', async () => {
    const asked: string[] = [];
    const instances = (request: Request): Verdict => {
      const said = routedOf(request);
      asked.push(`${said.role} ${said.self}`);
      const placement = decidePlacement(said, full, undefined);
      return placement.kind === 'send' ? { ...placement, kind: 'elsewhere' } : (placement as Verdict);
    };
    const init = { method: 'POST', body: '{}', signal: new AbortController().signal };
    const outgoing: Outgoing = { url: 'http://instance/v1/messages', init, routed };
    const ask = async (_: string, request: Request): Promise<Response> => verdictResponse(instances(request));
    await expect(dispatch(outgoing, { homes: ['g1-i0'], ask, sleep: async () => {} })).rejects.toMatchObject({
      code: 'queue_full',
    });
    const guests = asked.filter((line) => line.startsWith('guest'));
    expect(guests.length).toBe(3);
    expect(new Set(guests).size).toBe(3);
  });
});

describe('headers on the way in', () => {
  it('lose what could choose a port, fake an origin, or pass for ours', () => {
    const inner = innerHeaders(
      new Headers({
        'cf-container-target-port': '22',
        'cf-connecting-ip': '1.2.3.4',
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-host': 'evil',
        forwarded: 'for=1',
        'x-real-ip': '1.2.3.4',
        [INTERNAL]: '{"role":"home"}',
        'x-proxy-internal-x': '1',
        host: 'evil',
        origin: 'https://evil',
        'x-request-id': 'mine',
        cookie: 'a=b',
        authorization: 'Bearer k',
        'x-api-key': 'k',
        'api-key': 'k',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'a',
        'content-type': 'application/json',
        'x-conversation-id': 'c',
      }),
      'req_ours',
    );
    expect([...inner.keys()].toSorted()).toEqual([
      'anthropic-beta',
      'anthropic-version',
      'content-type',
      'x-conversation-id',
      'x-request-id',
    ]);
    expect(inner.get('x-request-id')).toBe('req_ours');
  });
});
