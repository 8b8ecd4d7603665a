/** Every name that can be asked for, with what answers: the data of `GET /v1/models`. */
import type { EngineModel } from '../turn/engine.ts';
import { LATER_OPENAI_NAMES, OLD_CLAUDE_NAMES, OPENAI_NAMES } from './aliases.ts';
import { CATALOG } from './catalog.ts';
import type { ResolveModel } from './model.ts';
import { SHORT_NAMES } from './resolve.ts';

/** One entry of `/v1/models`: a model, or an alias and what it stands for. */
export interface ListedModel {
  readonly id: string;
  readonly displayName: string;
  /** RFC 3339. An alias has the date of the model behind it. */
  readonly createdAt: string;
  /** The model that answers, by its full id where that is known; equal to `id` for a model itself. */
  readonly resolvesTo: string;
}

export interface ListOptions {
  readonly resolve: ResolveModel;
  readonly reported: readonly EngineModel[];
  /** MODEL_MAP; its names with `*` are patterns and are not listed. */
  readonly map?: Readonly<Record<string, string>>;
}

/** Models first, then short names, then aliases; no id twice. */
export const listModels = ({ resolve, reported, map = {} }: ListOptions): readonly ListedModel[] => {
  const models = [...reported.map(({ id }) => id), ...CATALOG.map(({ id }) => id)];
  const aliases = [
    ...Object.keys(map).filter((name) => !name.includes('*')),
    ...Object.keys(OPENAI_NAMES),
    ...LATER_OPENAI_NAMES,
    ...OLD_CLAUDE_NAMES,
  ];
  const names = new Map(
    [...models, ...SHORT_NAMES, ...aliases].map((name) => [name.trim().toLowerCase(), name.trim()]),
  );
  return [...names.values()].map((id) => listed(id, resolve(id).id, reported));
};

const listed = (id: string, target: string, reported: readonly EngineModel[]): ListedModel => {
  const seen = reported.find((model) => model.id === target || model.aliases.includes(target));
  const known = CATALOG.find((model) => model.id === (seen?.id ?? target));
  const resolvesTo = seen?.id ?? target;
  return {
    id,
    displayName:
      id === resolvesTo ? (seen?.displayName ?? known?.displayName ?? id) : `${id} (answered by ${resolvesTo})`,
    createdAt: known?.createdAt ?? UNKNOWN_DATE,
    resolvesTo,
  };
};

/** The API gives the epoch where it does not know a date: https://docs.anthropic.com/en/api/models-list */
const UNKNOWN_DATE = '1970-01-01T00:00:00Z';
