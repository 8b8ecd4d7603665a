/** Which models a key may use, and its own aliases. */
import { familyOf } from '../models/catalog.ts';
import { aliasOf, unlisted, type ListedModel } from '../models/list.ts';
import type { Family, ResolvedModel } from '../models/model.ts';
import { TurnError } from '../turn/errors.ts';
import type { NamedKey } from './named-keys.ts';

/** The target of the key's own alias, or the name itself. The longest matching alias counts. */
export const ownName = ({ aliases }: Pick<NamedKey, 'aliases'>, asked: string): string => {
  const name = asked.trim().toLowerCase();
  const fitting = Object.keys(aliases).filter((alias) => fits(alias, name));
  const longest = fitting.toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? asked : (aliases[longest] ?? asked);
};

/** Undefined where the key may use the model; else the error to throw. */
export const modelRefusal = (
  { allowedModels }: Pick<NamedKey, 'allowedModels'>,
  { requested, id, family }: Pick<ResolvedModel, 'requested' | 'id'> & { readonly family: Family | undefined },
): TurnError | undefined => {
  if (allowedModels === undefined) return undefined;
  // Decided by the resolved model: an alias must not open a model that is not allowed.
  if (allowedModels.some((allowed) => allowed.toLowerCase() === family || fits(allowed, id.toLowerCase())))
    return undefined;
  const message =
    `This key may not use the model ` +
    `\`${id}\`${requested === id ? '' : ` (asked for as \`${requested.slice(0, 200)}\`)`}. It may use: ` +
    `${allowedModels.join(', ')}.`;
  return new TurnError('forbidden', message, { param: 'model' });
};

/** What the key can ask for: the server's names without those of other models, and its own names first. */
export const modelsOfKey = (key: KeyModels, all: readonly ListedModel[]): readonly ListedModel[] => {
  const own = Object.keys(key.aliases).filter((alias) => !alias.endsWith('*'));
  const taken = new Set(own.map((alias) => alias.toLowerCase()));
  return [...own, ...all.map(({ id }) => id).filter((id) => !taken.has(id.toLowerCase()))].flatMap(
    (name) => modelOfKey(name, key, all) ?? [],
  );
};

/** What answers under the name for this key; undefined where nothing that is listed does, or the key may not use it. */
export const modelOfKey = (name: string, key: KeyModels, all: readonly ListedModel[]): ListedModel | undefined => {
  const meant = ownName(key, name);
  // An alias of the key may stand for a model that no list has.
  const listed =
    all.find(({ id }) => id.toLowerCase() === meant.trim().toLowerCase()) ??
    (meant === name ? undefined : unlisted(meant.trim()));
  if (listed === undefined) return undefined;
  const { resolvesTo } = listed;
  if (modelRefusal(key, { requested: name, id: resolvesTo, family: familyOf(resolvesTo) }) !== undefined)
    return undefined;
  return meant === name ? listed : aliasOf(listed, name);
};

type KeyModels = Pick<NamedKey, 'aliases' | 'allowedModels'>;

const fits = (pattern: string, name: string): boolean => {
  const lower = pattern.toLowerCase();
  return lower.endsWith('*') ? name.startsWith(lower.slice(0, -1)) : name === lower;
};
