import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { abilitiesOf, CATALOG, HAIKU_4_5, OPUS_4_5, SONNET_4_5, versionOf } from '../../src/models/catalog.ts';
import { listModels } from '../../src/models/list.ts';
import { createResolver } from '../../src/models/resolve.ts';
import type { EngineModel } from '../../src/turn/engine.ts';
import { TurnError } from '../../src/turn/errors.ts';

const REPORTED: readonly EngineModel[] = [
  { id: 'claude-opus-5-5', displayName: 'Opus', aliases: ['default', 'opus'] },
  { id: 'claude-fable-5-2', displayName: 'Fable', aliases: ['fable'] },
  { id: 'claude-sonnet-5-5', displayName: 'Sonnet', aliases: ['sonnet'] },
  { id: 'claude-sonnet-5', displayName: 'Sonnet 5', aliases: [] },
  { id: 'claude-haiku-5-5', displayName: 'Haiku', aliases: ['haiku'] },
  { id: 'claude-haiku-6-20270101', displayName: 'Haiku 6', aliases: [] },
];
const reported = () => REPORTED;
const resolve = createResolver();

describe('the default mapping', () => {
  test.each([
    ['gpt-4o', SONNET_4_5],
    ['gpt-4-turbo', SONNET_4_5],
    ['gpt-4o-mini', HAIKU_4_5],
    ['gpt-3.5-turbo', HAIKU_4_5],
    ['gpt-4', OPUS_4_5],
    ['o1', OPUS_4_5],
    ['o1-preview', OPUS_4_5],
    ['o1-mini', HAIKU_4_5],
    ['claude-3-5-sonnet-20241022', SONNET_4_5],
    ['claude-3-5-sonnet-latest', SONNET_4_5],
    ['claude-3-5-haiku-20241022', HAIKU_4_5],
    ['claude-3-opus-20240229', OPUS_4_5],
    // dated and suffixed variants
    ['gpt-4o-2024-08-06', SONNET_4_5],
    ['gpt-4o-audio-preview', SONNET_4_5],
    ['gpt-4o-mini-2024-07-18', HAIKU_4_5],
    ['gpt-4-0613', OPUS_4_5],
    ['gpt-4-32k', OPUS_4_5],
    ['gpt-4-turbo-2024-04-09', SONNET_4_5],
    ['gpt-3.5-turbo-16k', HAIKU_4_5],
    ['o1-mini-2024-09-12', HAIKU_4_5],
    ['o1-2024-12-17', OPUS_4_5],
    // later names, by size
    ['gpt-4.1', SONNET_4_5],
    ['gpt-4.1-mini', HAIKU_4_5],
    ['gpt-4.1-nano-2025-04-14', HAIKU_4_5],
    ['gpt-5', SONNET_4_5],
    ['gpt-5-mini', HAIKU_4_5],
    ['gpt-5-nano', HAIKU_4_5],
    ['gpt-5.5', SONNET_4_5],
    ['gpt-5-pro', OPUS_4_5],
    ['gpt-5-codex', SONNET_4_5],
    ['gpt-5.1-codex-mini', HAIKU_4_5],
    ['o3', OPUS_4_5],
    ['o3-mini', HAIKU_4_5],
    ['o3-pro', OPUS_4_5],
    ['o4-mini', HAIKU_4_5],
    ['codex-mini-latest', HAIKU_4_5],
    ['codex', SONNET_4_5],
    // older Claude models
    ['claude-3-7-sonnet-20250219', SONNET_4_5],
    ['claude-3-haiku-20240307', HAIKU_4_5],
    ['claude-3.5-sonnet', SONNET_4_5],
    ['claude-2.1', SONNET_4_5],
    ['claude-instant-1.2', HAIKU_4_5],
    ['claude-opus-4-1-20250805', OPUS_4_5],
    // vendors in front, any case
    ['openai/gpt-4o', SONNET_4_5],
    ['openrouter/anthropic/claude-3-opus', OPUS_4_5],
    ['GPT-4O-Mini', HAIKU_4_5],
    ['gpt-4o-mini:latest', HAIKU_4_5],
    ['  gpt-4o ', SONNET_4_5],
  ])('%s is answered by %s', (name, id) => {
    expect(resolve(name)).toMatchObject({ requested: name, id, via: 'alias', abilities: abilitiesOf(id) });
  });

  test.each([
    SONNET_4_5,
    HAIKU_4_5,
    OPUS_4_5,
    'opus',
    'sonnet',
    'haiku',
    'fable',
    'default',
    'claude-opus-5-5',
    'claude-sonnet-5-5',
    'claude-haiku-5-5',
    'claude-fable-5-2',
    'claude-sonnet-4-5',
    'claude-opus-4-5',
    'claude-haiku-4-5',
    // no table knows all of these: the API says what it does not have
    'claude-opus-5',
    'claude-opus-4-6',
    'claude-sonnet-4-6',
    'claude-opus-9',
    'claude-haiku-7-20290101',
    'claude-mythos-5-2',
    'claude-opus-4-8[1m]',
    'us.anthropic.claude-sonnet-4-6-20260217-v1:0',
    'claude-opus-4-5@20251101',
  ])('%s passes unchanged', (name) => {
    expect(resolve(name)).toMatchObject({ requested: name, id: name, via: 'exact' });
    expect(resolve(name.toUpperCase())).toMatchObject({ id: name, via: 'exact' });
    expect(resolve(`anthropic/${name}`)).toMatchObject({ id: name, via: 'exact' });
  });

  test.each([
    ['anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5'],
    ['claude-opus-4.6', 'claude-opus-4-6'],
    ['claude-4.6-opus', 'claude-opus-4-6'],
    ['claude-5-sonnet', 'claude-sonnet-5'],
  ])('%s is another spelling of %s', (name, id) => {
    expect(resolve(name)).toMatchObject({ id, via: 'exact' });
  });

  test.each([
    ['claude-sonnet-latest', 'sonnet', 'claude-sonnet-5-5'],
    ['claude-opus', 'opus', 'claude-opus-5-5'],
    ['claude-haiku-latest', 'haiku', 'claude-haiku-6-20270101'],
  ])('%s is the newest of its family: %s, or what the engine reports as that', (name, short, id) => {
    expect(resolve(name)).toMatchObject({ id: short, via: 'alias' });
    expect(createResolver({ reported })(name)).toMatchObject({ id, via: 'alias' });
  });

  test.each([
    ['sonnet', undefined],
    ['claude-sonnet-4-5', SONNET_4_5],
    ['gpt-4o', SONNET_4_5],
    ['claude-opus-9', 'claude-opus-9'],
  ])('the full id of %s is %s before the engine has told more', (name, fullId) => {
    expect(resolve(name).fullId).toBe(fullId);
  });
});

describe('unknown names', () => {
  test.each([
    ['llama-3', SONNET_4_5],
    ['gemini-opus', SONNET_4_5],
    ['claude-next', SONNET_4_5],
    ['claude-opus-plus', OPUS_4_5],
    ['claude-fable-plus', 'fable'],
  ])('%s is answered by %s, and said to be unknown', (name, id) => {
    expect(resolve(name)).toMatchObject({ id, via: 'unknown' });
    const rejecting = createResolver({ unknown: 'reject' });
    expect(() => rejecting(name)).toThrow(
      expect.objectContaining({ code: 'model_not_found', param: 'model' }) as Error,
    );
  });

  test('what is known is not rejected', () => {
    const rejecting = createResolver({ unknown: 'reject' });
    expect([rejecting('gpt-4o').id, rejecting('default').id, rejecting('claude-3-opus-latest').id]).toEqual([
      SONNET_4_5,
      'default',
      OPUS_4_5,
    ]);
  });

  test('no name at all is nobody', () => {
    expect(() => resolve(' ')).toThrow(expect.objectContaining({ code: 'model_not_found' }) as Error);
  });
});

describe('what the engine reports', () => {
  test('passes unchanged, with abilities of what a short name means', () => {
    const withEngine = createResolver({ reported });
    expect(withEngine('claude-haiku-6-20270101')).toMatchObject({
      id: 'claude-haiku-6-20270101',
      via: 'exact',
      family: 'haiku',
    });
    expect(withEngine('default')).toMatchObject({
      id: 'default',
      family: 'opus',
      abilities: abilitiesOf('claude-opus-5-5'),
    });
  });

  test('is asked at each call', () => {
    const models: EngineModel[] = [];
    const growing = createResolver({ reported: () => models });
    expect(growing('opusplan').via).toBe('unknown');
    models.push({ id: 'claude-opus-9', displayName: '', aliases: ['opusplan'] });
    expect(growing('opusplan')).toMatchObject({ id: 'opusplan', fullId: 'claude-opus-9', via: 'exact' });
  });

  test.each([
    ['gpt-4', 'claude-opus-5-5'],
    ['gpt-4o', 'claude-sonnet-5-5'],
    ['o1-mini', 'claude-haiku-6-20270101'],
    ['llama', 'claude-sonnet-5-5'],
    [SONNET_4_5, SONNET_4_5],
  ])('MODEL_TRACK=latest: %s is answered by %s', (name, id) =>
    expect(createResolver({ track: 'latest', reported })(name).id).toBe(id),
  );

  const sonnet45Ended = (id: string): boolean => id === SONNET_4_5;
  test.each([
    ['auto', 'gpt-4o', 'claude-sonnet-5-5'],
    ['auto', 'llama', 'claude-sonnet-5-5'],
    ['auto', 'claude-3-5-sonnet-latest', 'claude-sonnet-5-5'],
    // only what has ended is replaced
    ['auto', 'gpt-4', OPUS_4_5],
    ['auto', 'gpt-4o-mini', HAIKU_4_5],
    // who names the model gets it, or the API's own error
    ['auto', SONNET_4_5, SONNET_4_5],
    ['auto', 'claude-sonnet-4-5', 'claude-sonnet-4-5'],
    ['pinned', 'gpt-4o', SONNET_4_5],
    ['latest', 'gpt-4o', 'claude-sonnet-5-5'],
  ] as const)('MODEL_TRACK=%s with Sonnet 4.5 ended: %s is answered by %s', (track, name, id) =>
    expect(createResolver({ track, reported, ended: sonnet45Ended })(name).id).toBe(id),
  );

  test('a newest model that has ended gives way to the next', () => {
    const ended = (id: string): boolean => [SONNET_4_5, 'claude-sonnet-5-5'].includes(id);
    for (const track of ['auto', 'latest'] as const)
      expect(createResolver({ track, reported, ended })('gpt-4o').id).toBe('claude-sonnet-5');
    expect(createResolver({ track: 'auto', ended })('gpt-4o').id).toBe('claude-sonnet-5');
    expect(createResolver({ track: 'auto', ended: () => true })('gpt-4o').id).toBe(SONNET_4_5);
  });

  test.each([
    ['gpt-4', 'claude-opus-5-5'],
    ['gpt-4o', 'claude-sonnet-5-5'],
    ['o1-mini', 'claude-haiku-5-5'],
  ])('MODEL_TRACK=latest without a report: %s is answered by the newest known, %s', (name, id) => {
    expect(createResolver({ track: 'latest' })(name).id).toBe(id);
  });
});

describe('MODEL_MAP', () => {
  const mapped = createResolver({
    map: {
      'GPT-4o': 'haiku',
      'gpt-*': 'claude-opus-5-5',
      mine: 'claude-private-1',
      odd: 'llama-3',
      none: ' ',
      chained: 'gpt-4o',
      [SONNET_4_5]: 'opus',
    },
    unknown: 'reject',
  });
  test.each([
    ['gpt-4o', 'haiku'],
    ['openai/gpt-4o', 'haiku'],
    ['gpt-4o-mini', 'claude-opus-5-5'],
    ['MINE', 'claude-private-1'],
    ['odd', 'llama-3'],
    ['chained', SONNET_4_5],
    [SONNET_4_5, 'opus'],
    ['o1', OPUS_4_5],
  ])('%s is answered by %s', (name, id) => {
    expect(mapped(name)).toMatchObject({ requested: name, id, via: 'alias' });
  });
});

test('any string resolves, or is not found; nothing else happens', () => {
  const resolvers = [
    resolve,
    createResolver({ unknown: 'reject', reported, map: { 'a*': 'b', '*': 'sonnet', '': 'x' } }),
    createResolver({ track: 'latest', reported }),
  ];
  const words = fc.constantFrom(
    'claude',
    'gpt',
    '-',
    '/',
    '4',
    '.5',
    'o3',
    'mini',
    'opus',
    'sonnet',
    ' ',
    '20250929',
    '[1m]',
    '*',
    '__proto__',
    'constructor',
  );
  const names = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(words).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(names, fc.constantFrom(...resolvers), (name, one) => {
      try {
        const model = one(name);
        expect(model).toMatchObject({
          requested: name,
          id: expect.stringMatching(/./) as unknown,
          family: expect.stringMatching(/^(opus|sonnet|haiku|fable)$/) as unknown,
        });
        expect(model.abilities.maxOutputTokens).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof TurnError)) throw error;
        expect(error.code).toBe('model_not_found');
      }
    }),
    { numRuns: 1000 },
  );
});

describe('abilities', () => {
  test.each<[string, object]>([
    [
      SONNET_4_5,
      {
        sampling: 'one',
        thinking: 'budget',
        thinkingOff: true,
        effort: [],
        prefill: true,
        maxOutputTokens: 64_000,
        contextTokens: 200_000,
      },
    ],
    [HAIKU_4_5, { sampling: 'one', thinking: 'budget', effort: [], prefill: true }],
    [OPUS_4_5, { sampling: 'one', thinking: 'budget', effort: ['low', 'medium', 'high'], prefill: true }],
    ['claude-opus-4-1', { sampling: 'one', maxOutputTokens: 32_000 }],
    ['claude-sonnet-4-20250514', { sampling: 'both', maxOutputTokens: 64_000 }],
    [
      'claude-opus-4-6',
      { sampling: 'one', thinking: 'adaptive', prefill: false, effort: ['low', 'medium', 'high', 'max'] },
    ],
    ['claude-opus-4-7', { sampling: 'none', thinking: 'adaptive', thinkingOff: true, systemMessages: false }],
    ['claude-opus-4-8', { sampling: 'none', systemMessages: true }],
    ['claude-opus-5', { thinkingOff: true, maxOutputTokens: 128_000, contextTokens: 1_000_000 }],
    [
      'claude-opus-5-5',
      { thinkingOff: false, forcedTools: false, effort: ['low', 'medium', 'high', 'xhigh', 'max'], prefill: false },
    ],
    ['claude-sonnet-5-5', { thinkingOff: false, leastThinking: 'between_tools', forcedTools: false }],
    ['claude-haiku-5-5', { sampling: 'none', thinking: 'adaptive', thinkingOff: true, prefill: false }],
    ['claude-fable-5-2', { thinkingOff: false, forcedTools: false }],
    ['opus', { thinking: 'adaptive', thinkingOff: false }],
    ['default', { thinking: 'adaptive' }],
  ])('%s', (id, expected) => expect(abilitiesOf(id)).toMatchObject(expected));

  test('a date is not a version', () => {
    expect([
      versionOf('claude-sonnet-4-20250514'),
      versionOf(OPUS_4_5),
      versionOf('claude-3-5-haiku-latest'),
      versionOf('claude-2.1'),
      versionOf('sonnet'),
    ]).toEqual([400, 405, 305, 201, undefined]);
  });
});

describe('the list', () => {
  const list = listModels({
    resolve: createResolver({ reported, map: { mine: 'haiku', 'x-*': 'opus' } }),
    reported: REPORTED,
    map: { mine: 'haiku', 'x-*': 'opus' },
  });
  const byId = new Map(list.map((model) => [model.id, model]));

  test('names no id twice and lists every catalog model as itself', () => {
    expect(byId.size).toBe(list.length);
    for (const { id, displayName, createdAt } of CATALOG) {
      expect(byId.get(id)).toMatchObject({ resolvesTo: id, createdAt });
      if (!REPORTED.some((model) => model.id === id)) expect(byId.get(id)?.displayName).toBe(displayName);
    }
  });

  test.each([
    ['gpt-4o', SONNET_4_5],
    ['o3', OPUS_4_5],
    ['claude-3-opus-latest', OPUS_4_5],
    ['default', 'claude-opus-5-5'],
    ['sonnet', 'claude-sonnet-5-5'],
    ['mine', 'claude-haiku-5-5'],
    ['claude-haiku-6-20270101', 'claude-haiku-6-20270101'],
  ])('%s resolves to %s', (id, resolvesTo) => expect(byId.get(id)).toMatchObject({ resolvesTo }));

  test('what the account does not have is not listed, nor what would lead there; the owner’s names are', () => {
    const sonnetOnly = REPORTED.filter(({ id }) => id.includes('sonnet'));
    const map = { mine: 'claude-private-1', other: 'opus' };
    const names = (reportsAll: boolean) =>
      listModels({
        resolve: createResolver({ reported: () => sonnetOnly, map }),
        reported: sonnetOnly,
        reportsAll,
        map,
      }).map(({ id }) => id);
    expect(names(false)).toEqual(expect.arrayContaining(['sonnet', 'gpt-4o', SONNET_4_5, 'mine', 'other']));
    for (const gone of ['opus', 'fable', 'gpt-4', 'o3', 'claude-opus-5-5', OPUS_4_5, 'claude-3-opus-latest'])
      expect(names(false)).not.toContain(gone);
    // The pinned Sonnet 4.5 is not among all there is.
    expect(names(true).filter((name) => !name.includes('('))).toEqual([
      'claude-sonnet-5-5',
      'claude-sonnet-5',
      'sonnet',
      'mine',
      'other',
    ]);
  });

  test('what has ended is not listed; names that led there lead to its successor', () => {
    const ended = (id: string): boolean => id === SONNET_4_5;
    const after = listModels({ resolve: createResolver({ reported, ended }), reported: REPORTED, ended });
    expect(after.map(({ id }) => id)).not.toContain(SONNET_4_5);
    expect(after.find(({ id }) => id === 'gpt-4o')?.resolvesTo).toBe('claude-sonnet-5-5');
  });

  test('while nothing is reported, everything known is listed', () => {
    const names = listModels({ resolve, reported: [] }).map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining([...CATALOG.map(({ id }) => id), 'sonnet', 'fable', 'gpt-4o']));
  });

  test('patterns are not names', () => expect(byId.has('x-*')).toBe(false));
});

describe('an effort behind the name', () => {
  const owned = createResolver({
    reported,
    map: { cursor: 'opus(high)', 'mine(low)': 'haiku', 'team-*': 'sonnet' },
  });

  test.each([
    ['sonnet(high)', 'sonnet', 'high'],
    ['Sonnet (HIGH) ', 'sonnet', 'high'],
    ['anthropic/claude-opus-5-5(max)', 'claude-opus-5-5', 'max'],
    ['cursor', 'opus', 'high'],
    ['cursor(low)', 'opus', 'low'],
    ['team-a(none)', 'sonnet', 'none'],
    ['mine(low)', 'haiku', undefined],
    ['sonnet', 'sonnet', undefined],
  ])('%s is %s at %s', (name, id, effort) => {
    expect(owned(name)).toMatchObject({ requested: name, id, ...(effort && { effort }) });
    expect('effort' in owned(name)).toBe(effort !== undefined);
  });

  test('what is no effort belongs to the name', () => {
    expect(() => createResolver({ unknown: 'reject' })('sonnet(huge)')).toThrow(TurnError);
    expect(() => createResolver({ unknown: 'reject' })('(high)')).toThrow(TurnError);
  });

  test('is listed for the short names, with the efforts of their models', () => {
    const ids = listModels({ resolve: owned, reported: REPORTED }).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('sonnet('))).toEqual(
      abilitiesOf('claude-sonnet-5-5').effort.map((effort) => `sonnet(${effort})`),
    );
    expect(ids).toContain('opus(high)');
    expect(ids.some((id) => id.startsWith('default('))).toBe(false);
  });
});
