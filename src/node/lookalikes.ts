/** Variables that are no settings but look like one: a misspelt setting is silently without effect. */
import type { Environment } from './config.ts';
import { serverSettings } from '../settings/server-settings.ts';

export interface Lookalike {
  readonly name: string;
  /** The setting that was probably meant. */
  readonly nearest: string;
}

const LOGINS = [
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_OAUTH_CREDS',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_BASE_URL',
];
const KNOWN: readonly string[] = [...Object.keys(serverSettings), ...LOGINS];
/** Further from the name than a slip of the fingers, yet nobody means anything else by it. */
const MEANS_THE_KEY = /^PROXY_?(API_?)?(KEY|TOKEN)S?$/i;

export const lookalikes = (env: Environment): readonly Lookalike[] =>
  Object.keys(env)
    .filter((name) => Boolean(env[name]) && !KNOWN.includes(name))
    .flatMap((name) => {
      const nearest = MEANS_THE_KEY.test(name) ? 'PROXY_API_KEY' : nearestTo(name.toUpperCase());
      return nearest === undefined ? [] : [{ name, nearest }];
    });

/** One slip in a short name, two in a long one. */
const nearestTo = (name: string): string | undefined =>
  KNOWN.map((known) => ({ known, slips: distance(name, known) }))
    .filter(({ known, slips }) => slips <= (known.length < 9 ? 1 : 2))
    .toSorted((a, b) => a.slips - b.slips)[0]?.known;

/** Levenshtein's: how many letters must be put in, taken out or replaced. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1)
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
};
