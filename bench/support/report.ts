/** What a benchmark is, and how its result is printed. */

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How it was measured, as far as the numbers depend on it. */
  readonly notes?: readonly string[];
}

export interface Scale {
  /** Few rounds, to see that everything works; its figures mean little. */
  readonly quick: boolean;
  /** Tells what is being done. */
  readonly say: (text: string) => void;
  /** Aborted when the time limit of the whole run has passed. */
  readonly signal: AbortSignal;
}

export interface Bench {
  readonly name: string;
  /** In one line, for the list of names. */
  readonly about: string;
  run(scale: Scale): Promise<readonly Table[]>;
}

/** A Markdown table that is also legible as plain text. */
export const markdown = ({ title, head, rows, notes = [] }: Table): string => {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (column === 0 ? (cells[column] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(Math.max(2, width - 1))}:`)).join(' | ')} |`;
  return [
    `**${title}**`,
    '',
    line(head),
    rule,
    ...rows.map(line),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
};
