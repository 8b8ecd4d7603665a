/**
 * An effort after a model's name, `sonnet(high)`: for clients whose users can set a model's name and nothing else, as
 * in Cursor for custom models.
 */
import type { Abilities, AskedEffort } from './model.ts';

const SUFFIX = /^(?<name>.*\S)\s*\((?<effort>none|minimal|low|medium|high|xhigh|max)\)$/iu;

export interface NamedEffort {
  readonly name: string;
  readonly effort?: AskedEffort;
}

export const splitEffort = (name: string): NamedEffort => {
  const groups = SUFFIX.exec(name.trim())?.groups;
  if (groups?.['name'] === undefined) return { name };
  return { name: groups['name'], effort: groups['effort']?.toLowerCase() as AskedEffort };
};

/** The efforts that are listed after a model's name: its levels, or three budget sizes. */
export const listedEfforts = ({ effort, thinking }: Pick<Abilities, 'effort' | 'thinking'>): readonly AskedEffort[] =>
  effort.length === 0 && thinking === 'budget' ? ['low', 'medium', 'high'] : effort;
