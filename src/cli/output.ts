/** What commands print: for people, or as JSON for programs. Colours only where a terminal shows them. */
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Follows NO_COLOR and FORCE_COLOR, and leaves text for files and pipes plain. */
export const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const printJson = (value: unknown): void => print(JSON.stringify(value, undefined, 2));

/** Rows in columns that are as wide as their longest cell; the last one as wide as it is. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** A colour takes no room. */
const widthOf = (cell = ''): number => stripVTControlCharacters(cell).length;

/** Whether there is somebody to ask: no prompt where a script would wait for ever. */
export const isInteractive = (): boolean => process.stdin.isTTY && process.stdout.isTTY && !process.env['CI'];
