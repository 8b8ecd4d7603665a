/** A variant of a client as text: what is printed, and what docs/CLIENTS.md shows. */
import type { Variant } from './client.ts';
import { mergeEntries } from './merge/merge.ts';

export interface Snippet {
  readonly language: 'json' | 'yaml' | 'toml' | 'sh' | 'python' | 'js';
  /** The file that it is for; absent where it is for none in particular. */
  readonly file?: Variant['file'];
  readonly text: string;
}

export const snippetsOf = ({ file, environment, code }: Variant): readonly Snippet[] => [
  ...(file === undefined ? [] : [{ language: file.format, file, text: mergeEntries(undefined, file).text }]),
  ...(environment === undefined ? [] : [{ language: 'sh', text: exportsOf(environment) } as const]),
  ...(code === undefined ? [] : [code]),
];

const exportsOf = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}=${value.startsWith('$') ? `"${value}"` : value}\n`)
    .join('');

/** Markdown as a terminal shows it. */
export const plainText = (markdown: string): string =>
  markdown
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/gu, '$1')
    .replaceAll('**', '')
    .replaceAll('`', '');
