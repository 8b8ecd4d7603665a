/**
 * Chooses the model that answers a name. The first match counts: the owner's MODEL_MAP, Claude's own names, aliases of
 * other vendors and of models before 4.5, unknown names.
 */
import type { EngineModel } from '../turn/engine.ts';
import { TurnError } from '../turn/errors.ts';
import { familyOfAlias } from './aliases.ts';
import { abilitiesOf, CATALOG, familyOf, HAIKU_4_5, OPUS_4_5, SONNET_4_5, versionOf } from './catalog.ts';
import { splitEffort } from './effort-suffix.ts';
import type { Family, ResolvedModel, ResolveModel } from './model.ts';

export interface ResolverOptions {
  /**
   * MODEL_MAP: name → model or short name; a name may end in `*`. Names are case-insensitive, the longest that fits
   * counts.
   */
  readonly map?: Readonly<Record<string, string>>;
  /** How unknown names are handled: the default family answers, or `model_not_found`. */
  readonly unknown?: 'default' | 'reject';
  /**
   * The model of a family: the fixed 4.5 model, the newest that the engine reports, or the newest where the 4.5 model
   * has ended.
   */
  readonly track?: Track;
  /** Retired models; asked at every call. */
  readonly ended?: (id: string) => boolean;
  /** Models the engine has seen so far; asked at every call, so it may grow. */
  readonly reported?: () => readonly EngineModel[];
}

export type Track = 'auto' | 'pinned' | 'latest';

/** Short names that Claude Code resolves itself. */
export const SHORT_NAMES = ['opus', 'sonnet', 'haiku', 'fable', 'default'] as const;

const DEFAULT_FAMILY: Family = 'sonnet';

/**
 * The resolver throws `model_not_found` for an unknown name when those are rejected, and for an empty one; nothing
 * else.
 */
export const createResolver = (options: ResolverOptions = {}): ResolveModel => {
  const { unknown = 'default', track = 'auto', reported = () => [], ended = () => false } = options;
  const patterns = patternsOf(options.map ?? {});

  const answer = (requested: string, via: ResolvedModel['via'], id: string): ResolvedModel => {
    const fullId = fullIdOf(id, reported());
    const named = fullId ?? id;
    return {
      requested,
      id,
      ...(fullId !== undefined && { fullId }),
      via,
      family: familyOf(named) ?? DEFAULT_FAMILY,
      abilities: abilitiesOf(named),
    };
  };

  const mapped = (requested: string): string | undefined =>
    targetOf(patterns, [requested.trim().toLowerCase(), normalise(requested)]);

  const resolve = (requested: string): ResolvedModel => {
    const name = normalise(requested);
    if (name === '') throw notFound(requested);
    const models: Models = { track, reported: reported(), ended };
    const target = mapped(requested);
    if (target !== undefined) {
      // A target that no table knows is passed on unchanged: the owner set it.
      const { name: id, effort } = splitEffort(target);
      return { ...answer(requested, 'alias', knownId(normalise(id), models)?.id ?? id), ...(effort && { effort }) };
    }
    const known = knownId(name, models);
    if (known !== undefined) return answer(requested, known.via, known.id);
    if (unknown === 'reject') throw notFound(requested);
    const family = (name.startsWith('claude') ? familyOf(name) : undefined) ?? DEFAULT_FAMILY;
    return answer(requested, 'unknown', idOfFamily(family, models));
  };

  return (requested) => {
    const { name, effort } = splitEffort(requested);
    if (effort === undefined || isKey(patterns, requested)) return resolve(requested);
    return { ...resolve(name), requested, effort };
  };
};

interface Pattern {
  readonly pattern: string;
  readonly target: string;
}

/** Longest first, so that the most precise entry counts. Entries without a target are skipped. */
const patternsOf = (map: Readonly<Record<string, string>>): readonly Pattern[] =>
  Object.entries(map)
    .map(([pattern, target]) => ({ pattern: pattern.trim().toLowerCase(), target: target.trim() }))
    .filter(({ target }) => target !== '')
    .sort((a, b) => b.pattern.length - a.pattern.length);

const targetOf = (patterns: readonly Pattern[], names: readonly string[]): string | undefined =>
  patterns.find(({ pattern }) => names.some((name) => fits(pattern, name)))?.target;

/** The owner may map a full name including its suffix. */
const isKey = (patterns: readonly Pattern[], requested: string): boolean =>
  patterns.some(({ pattern }) => pattern === requested.trim().toLowerCase());

const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

interface Models {
  readonly track: Track;
  readonly reported: readonly EngineModel[];
  readonly ended: (id: string) => boolean;
}

const knownId = (name: string, models: Models): { id: string; via: 'exact' | 'alias' } | undefined => {
  const exact = listedId(name, models.reported) ?? ownName(name);
  if (exact !== undefined) return { id: exact, via: 'exact' };
  const unversioned = UNVERSIONED.exec(name)?.[1] as Family | undefined;
  if (unversioned !== undefined)
    return { id: newest(unversioned, alive(models.reported, models)) ?? unversioned, via: 'alias' };
  const family = familyOfAlias(name);
  return family === undefined ? undefined : { id: idOfFamily(family, models), via: 'alias' };
};

/**
 * Lower case, without the vendor in front (`openai/gpt-4o`) and Ollama's usual tag, Claude's versions with dashes
 * (`claude-sonnet-4.5`).
 */
const normalise = (name: string): string => {
  const bare = (name.trim().toLowerCase().split('/').at(-1) ?? '').replace(/:latest$/u, '');
  return bare.startsWith('claude-') ? bare.replaceAll(/(\d)\.(?=\d)/g, '$1-') : bare;
};

const listedId = (name: string, reported: readonly EngineModel[]): string | undefined =>
  LISTED.get(name) ??
  reported.flatMap(({ id, aliases }) => [id, ...aliases]).find((known) => known.toLowerCase() === name);

const LISTED: ReadonlyMap<string, string> = new Map(
  [...CATALOG.flatMap(({ id, aliases = [] }) => [id, ...aliases]), ...SHORT_NAMES].map((one) => [
    one.toLowerCase(),
    one,
  ]),
);

/** `claude-sonnet`, `claude-sonnet-latest`: the newest model of the family. */
const UNVERSIONED = /^claude-(opus|sonnet|haiku|fable)(?:-latest)?$/u;
/** `claude-4-6-opus`, as some clients write `claude-opus-4-6`. */
const VERSION_FIRST = /^claude-(\d{1,2}(?:-\d{1,2})?)-([a-z]+)$/u;

/**
 * A name in the form of Claude's own, from 4.5 on, is passed on even where no table knows it: another model must not
 * answer in its place, and the API reports what it does not have. All models before 4.5 have ended.
 */
const ownName = (name: string): string | undefined => {
  const spelt = name.replace(VERSION_FIRST, 'claude-$2-$1');
  return /(?:^|\.)claude-[a-z]+-\d/u.test(spelt) && (versionOf(spelt) ?? 0) >= 405 ? spelt : undefined;
};

/** Undefined for a short name that the engine has not resolved, and for names that are not Claude's. */
const fullIdOf = (id: string, reported: readonly EngineModel[]): string | undefined =>
  reported.find((model) => model.id === id || model.aliases.includes(id))?.id ??
  CATALOG.find((model) => model.id === id || model.aliases?.includes(id))?.id ??
  (versionOf(id) === undefined ? undefined : id);

/** The model of a family, unless MODEL_MAP says otherwise. */
export const PINNED: Readonly<Record<Family, string>> = {
  opus: OPUS_4_5,
  sonnet: SONNET_4_5,
  haiku: HAIKU_4_5,
  fable: 'fable',
};

/** While the engine reports no model of the family, the newest of the catalog counts as the latest. */
const idOfFamily = (family: Family, models: Models): string => {
  const { track, reported, ended } = models;
  const pinned = PINNED[family];
  if (track === 'pinned' || (track === 'auto' && !ended(pinned))) return pinned;
  return newest(family, alive(reported, models)) ?? newest(family, alive(CATALOG, models)) ?? pinned;
};

const alive = <Model extends Pick<EngineModel, 'id'>>(
  models: readonly Model[],
  { ended }: Pick<Models, 'ended'>,
): readonly Model[] => models.filter(({ id }) => !ended(id));

/** The newest model of a family; only ids with a version can be compared. */
export const newest = (family: Family, models: readonly Pick<EngineModel, 'id'>[]): string | undefined =>
  models
    .filter(({ id }) => familyOf(id) === family && versionOf(id) !== undefined)
    .sort((a, b) => (versionOf(b.id) ?? 0) - (versionOf(a.id) ?? 0) || b.id.localeCompare(a.id))[0]?.id;

const notFound = (name: string): TurnError =>
  new TurnError(
    'model_not_found',
    `The model \`${name.slice(0, 200)}\` does not exist here. GET /v1/models lists the names that do.`,
    { param: 'model' },
  );
