/** Puts tables into docs/PERFORMANCE.md, between the markers of their benchmark, with the day and the machine. */
import { readFile, writeFile } from 'node:fs/promises';
import { machine } from './machine.ts';
import { markdown, type Table } from './report.ts';

const FILE = new URL('../../docs/PERFORMANCE.md', import.meta.url);
/** As it was before the measurement, which itself makes load. */
const MACHINE = machine();

export const writeTables = async (
  name: string,
  tables: readonly Table[],
  { quick }: { quick: boolean },
): Promise<void> => {
  await writeFile(FILE, withTables(await readFile(FILE, 'utf8'), { name, text: textOf(tables, quick) }));
};

/** Throws where the document has no place for this benchmark. Pure. */
const withTables = (document: string, { name, text }: { name: string; text: string }): string => {
  const begin = `<!-- bench:${name} -->`;
  const end = `<!-- /bench:${name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 || to < from)
    throw new Error(`docs/PERFORMANCE.md has no place for the tables of ${name}: ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
};

const textOf = (tables: readonly Table[], quick: boolean): string =>
  [
    `Measured ${new Date().toISOString().slice(0, 10)} on ${MACHINE}.${quick ? ' **A quick run: these figures only show that the benchmark works.**' : ''}`,
    ...tables.map(markdown),
  ].join('\n\n');
