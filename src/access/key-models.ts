/** Which models a key may use, and its own aliases. */
import type { ResolvedModel } from '../models/model.ts';
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
  { requested, id, family }: Pick<ResolvedModel, 'requested' | 'id' | 'family'>,
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

const fits = (pattern: string, name: string): boolean => {
  const lower = pattern.toLowerCase();
  return lower.endsWith('*') ? name.startsWith(lower.slice(0, -1)) : name === lower;
};
