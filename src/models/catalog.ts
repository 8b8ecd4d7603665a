/**
 * What is known about Claude models: data, and the rule that gives a model's abilities from its id.
 * Sources: https://platform.claude.com/docs/en/about-claude/models/overview and the migration guide beside it.
 */
import type { Abilities, EffortLevel, Family } from './model.ts';

export interface CatalogModel {
  readonly id: string;
  /** Other names that the API has for it. */
  readonly aliases?: readonly string[];
  readonly displayName: string;
  readonly family: Family;
  /** RFC 3339, for `GET /v1/models`. */
  readonly createdAt: string;
  /** The announced day from which the API no longer answers for it. */
  readonly ends?: string;
  /** Where no end is announced: the day before which Anthropic will not retire it. */
  readonly endsNotBefore?: string;
}

export const SONNET_4_5 = 'claude-sonnet-4-5-20250929';
export const HAIKU_4_5 = 'claude-haiku-4-5-20251001';
export const OPUS_4_5 = 'claude-opus-4-5-20251101';

/**
 * Models named by this project, newest first; the engine may report more.
 * Ends: https://platform.claude.com/docs/en/about-claude/model-deprecations, and `DEPRECATED_MODELS` of the official
 * SDK.
 */
export const CATALOG: readonly CatalogModel[] = [
  model('claude-fable-5-2', { released: '2026-11-09' }),
  model('claude-haiku-5-5', { released: '2026-10-07' }),
  model('claude-sonnet-5-5', { released: '2026-09-28' }),
  model('claude-opus-5-5', { released: '2026-09-22' }),
  model('claude-fable-5-1', { released: '2026-09-01' }),
  model('claude-opus-5', { released: '2026-07-24', endsNotBefore: '2027-07-24' }),
  model('claude-sonnet-5', { released: '2026-06-30', endsNotBefore: '2027-06-30' }),
  model('claude-fable-5', { released: '2026-06-09', endsNotBefore: '2027-06-09' }),
  model('claude-opus-4-8', { released: '2026-05-28', endsNotBefore: '2027-05-28' }),
  model('claude-opus-4-7', { released: '2026-04-16', endsNotBefore: '2027-04-16' }),
  model('claude-sonnet-4-6', { released: '2026-02-17', endsNotBefore: '2027-02-17' }),
  model('claude-opus-4-6', { released: '2026-02-05', endsNotBefore: '2027-02-05' }),
  model(OPUS_4_5, { released: '2025-11-24', endsNotBefore: '2026-11-24' }),
  model(HAIKU_4_5, { released: '2025-10-15', endsNotBefore: '2026-10-15' }),
  model(SONNET_4_5, { released: '2025-09-29', ends: '2026-11-30' }),
];

type Dates = Pick<CatalogModel, 'ends' | 'endsNotBefore'> & { readonly released: string };

/** The other members follow from the id. */
function model(id: string, { released, ...end }: Dates): CatalogModel {
  const [, family = '', version = '', date] = /^claude-([a-z]+)-(\d+(?:-\d{1,2})?)(?:-(\d{8}))?$/u.exec(id) ?? [];
  return {
    id,
    ...(date !== undefined && { aliases: [`claude-${family}-${version}`] }),
    displayName: `Claude ${family.slice(0, 1).toUpperCase()}${family.slice(1)} ${version.replace('-', '.')}`,
    family: family as Family,
    createdAt: `${released}T00:00:00Z`,
    ...end,
  };
}

/** The announced day from which the API no longer answers for the model; undefined while none is known. */
export const endOf = (id: string): string | undefined =>
  CATALOG.find((one) => one.id === id || one.aliases?.includes(id))?.ends;

const ALL_EFFORTS: readonly EffortLevel[] = ['low', 'medium', 'high', 'xhigh', 'max'];

const BUDGET: Abilities = {
  sampling: 'one',
  thinking: 'budget',
  thinkingOff: true,
  effort: [],
  prefill: true,
  maxOutputTokens: 64_000,
  contextTokens: 200_000,
};

const ADAPTIVE: Abilities = {
  sampling: 'none',
  thinking: 'adaptive',
  thinkingOff: true,
  effort: ALL_EFFORTS,
  prefill: false,
  systemMessages: true,
  maxOutputTokens: 128_000,
  contextTokens: 1_000_000,
};

interface Generation {
  /** Smallest version this line holds for, 4.5 written as 405. */
  readonly from: number;
  readonly families?: readonly Family[];
  readonly abilities: Abilities;
}

/**
 * Newest first; the first line that fits counts. From 5.5 on, thinking is always on and tools cannot be forced, except
 * for Haiku.
 */
const GENERATIONS: readonly Generation[] = [
  { from: 0, families: ['fable'], abilities: { ...ADAPTIVE, thinkingOff: false, forcedTools: false } },
  { from: 505, families: ['opus'], abilities: { ...ADAPTIVE, thinkingOff: false, forcedTools: false } },
  {
    from: 505,
    families: ['sonnet'],
    abilities: { ...ADAPTIVE, thinkingOff: false, leastThinking: 'between_tools', forcedTools: false },
  },
  { from: 408, abilities: ADAPTIVE },
  { from: 407, abilities: { ...ADAPTIVE, systemMessages: false } },
  {
    from: 406,
    abilities: {
      ...ADAPTIVE,
      sampling: 'one',
      effort: ['low', 'medium', 'high', 'max'],
      systemMessages: false,
      maxOutputTokens: 64_000,
    },
  },
  { from: 405, families: ['opus'], abilities: { ...BUDGET, effort: ['low', 'medium', 'high'] } },
  { from: 402, abilities: BUDGET },
  { from: 401, abilities: { ...BUDGET, maxOutputTokens: 32_000 } },
  { from: 400, families: ['opus'], abilities: { ...BUDGET, sampling: 'both', maxOutputTokens: 32_000 } },
  { from: 0, abilities: { ...BUDGET, sampling: 'both' } },
];

export const familyOf = (name: string): Family | undefined =>
  /opus|sonnet|haiku|fable/.exec(name.toLowerCase())?.[0] as Family | undefined;

/**
 * `claude-opus-4-5-20251101` → 405, `claude-3-5-sonnet-…` → 305, no number → undefined. A date is not a version.
 * Bedrock writes a region and `anthropic.` in front.
 */
export const versionOf = (id: string): number | undefined => {
  const match = /(?:^|\.)claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(id.toLowerCase());
  return match === null ? undefined : Number(match[1]) * 100 + Number(match[2] ?? 0);
};

/**
 * What a model accepts. A name without a version (`sonnet`, `default`) means the newest, so it has the newest rules.
 */
export const abilitiesOf = (id: string): Abilities => {
  const version = versionOf(id) ?? Number.POSITIVE_INFINITY;
  // Mythos is the name of Fable for invited accounts.
  const family = id.includes('mythos') ? 'fable' : familyOf(id);
  const fits = ({ from, families }: Generation): boolean =>
    version >= from && (families === undefined || (family !== undefined && families.includes(family)));
  return GENERATIONS.find(fits)?.abilities ?? BUDGET;
};
