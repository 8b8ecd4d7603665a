/**
 * What is known about Claude models: data, and the rule that gives a model's abilities from its id.
 * Sources: https://platform.claude.com/docs/en/about-claude/models/overview and the migration guide beside it.
 */
import type { Abilities, EffortLevel, Family } from './model.ts';

export interface CatalogModel {
  readonly id: string;
  readonly displayName: string;
  readonly family: Family;
  /** RFC 3339, for `GET /v1/models`. */
  readonly createdAt: string;
}

export const SONNET_4_5 = 'claude-sonnet-4-5-20250929';
export const HAIKU_4_5 = 'claude-haiku-4-5-20251001';
export const OPUS_4_5 = 'claude-opus-4-5-20251101';

/** Models named by this project, newest first; the engine may report more. */
export const CATALOG: readonly CatalogModel[] = [
  { id: 'claude-haiku-5-5', displayName: 'Claude Haiku 5.5', family: 'haiku', createdAt: '2026-10-07T00:00:00Z' },
  { id: 'claude-sonnet-5-5', displayName: 'Claude Sonnet 5.5', family: 'sonnet', createdAt: '2026-09-28T00:00:00Z' },
  { id: 'claude-opus-5-5', displayName: 'Claude Opus 5.5', family: 'opus', createdAt: '2026-09-22T00:00:00Z' },
  { id: 'claude-fable-5-2', displayName: 'Claude Fable 5.2', family: 'fable', createdAt: '2026-09-01T00:00:00Z' },
  { id: OPUS_4_5, displayName: 'Claude Opus 4.5', family: 'opus', createdAt: '2025-11-01T00:00:00Z' },
  { id: HAIKU_4_5, displayName: 'Claude Haiku 4.5', family: 'haiku', createdAt: '2025-10-01T00:00:00Z' },
  { id: SONNET_4_5, displayName: 'Claude Sonnet 4.5', family: 'sonnet', createdAt: '2025-09-29T00:00:00Z' },
];

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

/** Newest first; the first line that fits counts. From 5.5 on, thinking is always on and tools cannot be forced, except for Haiku. */
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

/** `claude-opus-4-5-20251101` → 405, `claude-3-5-sonnet-…` → 305, no number → undefined. A date is not a version. */
export const versionOf = (id: string): number | undefined => {
  const match = /^claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(id.toLowerCase());
  return match === null ? undefined : Number(match[1]) * 100 + Number(match[2] ?? 0);
};

/** What a model accepts. A name without a version (`sonnet`, `default`) means the newest, so it gets the newest rules. */
export const abilitiesOf = (id: string): Abilities => {
  const version = versionOf(id) ?? Number.POSITIVE_INFINITY;
  const family = familyOf(id);
  const fits = ({ from, families }: Generation): boolean =>
    version >= from && (families === undefined || (family !== undefined && families.includes(family)));
  return GENERATIONS.find(fits)?.abilities ?? BUDGET;
};
