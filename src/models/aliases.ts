/** Foreign and older model names, each with the family that answers in its place. */
import { familyOf, versionOf } from './catalog.ts';
import type { Family } from './model.ts';

/**
 * A name here also stands for its dated and suffixed variants: `gpt-4o` for `gpt-4o-2024-08-06`.
 * The longest name that fits counts, so `gpt-4o-mini-2024-07-18` is a `gpt-4o-mini`.
 */
export const OPENAI_NAMES: Readonly<Record<string, Family>> = {
  'gpt-4o': 'sonnet',
  'gpt-4o-mini': 'haiku',
  'chatgpt-4o-latest': 'sonnet',
  'gpt-4-turbo': 'sonnet',
  'gpt-4': 'opus',
  'gpt-3.5-turbo': 'haiku',
  'gpt-35-turbo': 'haiku',
  o1: 'opus',
  'o1-preview': 'opus',
  'o1-mini': 'haiku',
};

/** Later names that are listed by `GET /v1/models`; others follow the same rule without being listed. */
export const LATER_OPENAI_NAMES: readonly string[] = [
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'gpt-5-pro',
  'gpt-5-codex',
  'gpt-5.5',
  'o3',
  'o3-mini',
  'o3-pro',
  'o4-mini',
  'codex-mini-latest',
];

/** The names that each listed 3.x model replaces; any other Claude model before 4.5 is mapped in the same way. */
export const OLD_CLAUDE_NAMES: readonly string[] = [
  'claude-3-5-sonnet-20241022',
  'claude-3-5-sonnet-latest',
  'claude-3-5-haiku-20241022',
  'claude-3-5-haiku-latest',
  'claude-3-opus-20240229',
  'claude-3-opus-latest',
];

/** The family that answers an alias; undefined for an unknown name. */
export const familyOfAlias = (name: string): Family | undefined =>
  listedOpenAi(name) ?? laterOpenAi(name) ?? oldClaude(name);

const listedOpenAi = (name: string): Family | undefined => {
  const fitting = Object.keys(OPENAI_NAMES).filter((known) => name === known || name.startsWith(`${known}-`));
  const longest = fitting.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : OPENAI_NAMES[longest];
};

/**
 * OpenAI's later names by size: `mini` or `nano` → haiku; `pro`, or a large reasoning model (`o3`) → opus;
 * everything else (`gpt-5`, `gpt-5-codex`) → sonnet.
 */
const laterOpenAi = (name: string): Family | undefined => {
  if (!/^(gpt-\d|gpt-oss|o\d|codex|chatgpt)/.test(name)) return undefined;
  const words = name.split('-');
  if (words.includes('mini') || words.includes('nano')) return 'haiku';
  return words.includes('pro') || /^o\d/.test(name) ? 'opus' : 'sonnet';
};

/** Claude models before 4.5; `claude-2.1` has no family in its name. */
const oldClaude = (name: string): Family | undefined => {
  if (name.startsWith('claude-instant')) return 'haiku';
  const version = name.startsWith('claude-') ? versionOf(name) : undefined;
  if (version === undefined || version >= 405) return undefined;
  return familyOf(name) ?? (/^claude-\d/.test(name) ? 'sonnet' : undefined);
};
