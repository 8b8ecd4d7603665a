/** Every name that can be asked for, with the model that answers: the data of `GET /v1/models`. */
import type { EngineModel } from '../turn/engine.ts';
import { LATER_OPENAI_NAMES, OLD_CLAUDE_NAMES, OPENAI_NAMES } from './aliases.ts';
import { abilitiesOf, CATALOG, familyOf } from './catalog.ts';
import { listedEfforts } from './effort-suffix.ts';
import { exactName, type ResolveModel } from './model.ts';
import { SHORT_NAMES } from './resolve.ts';

/** One entry of `/v1/models`: a model, or an alias and what it stands for. */
export interface ListedModel {
  readonly id: string;
  readonly displayName: string;
  /** RFC 3339. An alias has the date of its model. */
  readonly createdAt: string;
  /** The model that answers, by its full id where that is known; equal to `id` for a model itself. */
  readonly resolvesTo: string;
}

export interface ListOptions {
  readonly resolve: ResolveModel;
  readonly reported: readonly EngineModel[];
  /** Whether the engine reports every available model; else models of the catalog may exist beside them. */
  readonly reportsAll?: boolean;
  /** Retired models. */
  readonly ended?: (id: string) => boolean;
  /** MODEL_MAP; its names with `*` are patterns and are not listed. */
  readonly map?: Readonly<Record<string, string>>;
}

/** Models first, then short names, then aliases; each id once, and no name whose model is not usable. */
export const listModels = ({
  resolve,
  reported,
  reportsAll = false,
  ended = () => false,
  map = {},
}: ListOptions): readonly ListedModel[] => {
  const usable = new Set(usableIds(reported, reportsAll).filter((id) => !ended(id)));
  const own = Object.keys(map).filter((name) => !name.includes('*'));
  const aliases = [
    ...SHORT_NAMES,
    ...withEfforts(resolve),
    ...own,
    ...Object.keys(OPENAI_NAMES),
    ...LATER_OPENAI_NAMES,
    ...OLD_CLAUDE_NAMES,
  ];
  const names = new Map([...usable, ...aliases].map((name) => [name.trim().toLowerCase(), name.trim()]));
  const owners = new Set(own.map((name) => name.trim().toLowerCase()));
  return [...names.values()]
    .map((id) => ({ id, target: exactName(resolve(id)) }))
    .filter(({ id, target }) => owners.has(id.toLowerCase()) || isUsable(target, usable, reported))
    .map(({ id, target }) => listed(id, target, reported));
};

/** The short names with each effort of their models, `opus(high)`. */
const withEfforts = (resolve: ResolveModel): readonly string[] =>
  SHORT_NAMES.filter((name) => name !== 'default').flatMap((name) =>
    listedEfforts(abilitiesOf(exactName(resolve(name)))).map((effort) => `${name}(${effort})`),
  );

/** An account without any model of a family (Fable, say) does not have older ones of that family either. */
const usableIds = (reported: readonly EngineModel[], reportsAll: boolean): readonly string[] => {
  const ids = reported.map(({ id }) => id);
  if (reported.length > 0 && reportsAll) return ids;
  const families = new Set(ids.map((id) => familyOf(id)));
  const known = CATALOG.filter(({ family }) => reported.length === 0 || families.has(family));
  return [...ids, ...known.map(({ id }) => id)];
};

/** While the engine has reported nothing, short names are listed unchecked: the engine resolves them. */
const isUsable = (target: string, usable: ReadonlySet<string>, reported: readonly EngineModel[]): boolean =>
  usable.has(target) || (reported.length === 0 && SHORT_NAMES.some((name) => name === target));

const listed = (id: string, resolvesTo: string, reported: readonly EngineModel[]): ListedModel => {
  const seen = reported.find((model) => model.id === resolvesTo);
  const known = CATALOG.find((model) => model.id === resolvesTo);
  return {
    id,
    displayName: id === resolvesTo ? (seen?.displayName ?? known?.displayName ?? id) : aliasName(id, resolvesTo),
    createdAt: known?.createdAt ?? UNKNOWN_DATE,
    resolvesTo,
  };
};

/** A model of which only the name is known. */
export const unlisted = (id: string): ListedModel => ({
  id,
  displayName: id,
  createdAt: UNKNOWN_DATE,
  resolvesTo: id,
});

/** The same model under another name. */
export const aliasOf = ({ createdAt, resolvesTo }: ListedModel, id: string): ListedModel => ({
  id,
  displayName: aliasName(id, resolvesTo),
  createdAt,
  resolvesTo,
});

const aliasName = (id: string, resolvesTo: string): string => `${id} (answered by ${resolvesTo})`;

/** The API uses the epoch for an unknown date: https://docs.anthropic.com/en/api/models-list */
const UNKNOWN_DATE = '1970-01-01T00:00:00Z';
