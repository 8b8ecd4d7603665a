/** Sums by period and by name, as the columns of a chart and of the table beside it. */
import type { Dimension, Total } from '../store/ledger/reports.ts';
import { addFigures, noFigures, type Figures } from '../store/ledger/figures.ts';

export interface UsageTable {
  /** The names with the most, the largest first; the rest is one column. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly period: string; readonly cells: readonly Figures[]; readonly total: Figures }[];
}

export interface TableShape {
  readonly by: Dimension;
  readonly periods: readonly string[];
  /** By what the names are ordered. */
  readonly measure: (figures: Figures) => number;
  readonly mostColumns: number;
}

export const OTHERS = 'others';
export const NO_NAME = 'none';

export const usageTable = (totals: readonly Total[], shape: TableShape): UsageTable => {
  const { by, periods, measure, mostColumns } = shape;
  const named = Map.groupBy(totals, (total) => total[by] ?? NO_NAME);
  const ordered = [...named]
    .map(([name, rows]) => ({ name, amount: measure(sum(rows)) }))
    .filter(({ amount }) => amount > 0)
    .sort((a, b) => b.amount - a.amount || a.name.localeCompare(b.name))
    .map(({ name }) => name);
  const tooMany = ordered.length > mostColumns;
  const own = tooMany ? ordered.filter((name) => name !== OTHERS).slice(0, mostColumns - 1) : ordered;
  const columnOf = (name: string): string => (own.includes(name) ? name : OTHERS);
  const columns = tooMany ? [...own, OTHERS] : own;
  const byPeriod = Map.groupBy(totals, ({ period }) => period ?? '');
  return {
    columns,
    rows: periods.map((period) => {
      const inside = byPeriod.get(period) ?? [];
      const byColumn = Map.groupBy(inside, (total) => columnOf(total[by] ?? NO_NAME));
      return { period, cells: columns.map((name) => sum(byColumn.get(name) ?? [])), total: sum(inside) };
    }),
  };
};

export const sum = (rows: readonly Figures[]): Figures => rows.reduce<Figures>(addFigures, noFigures);

/** Every token that was read or written, whatever it cost. */
export const tokensOf = (figures: Figures): number => inputOf(figures) + figures.outputTokens;

const inputOf = ({ inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens }: Figures): number =>
  inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;

/** The part of what the model read that came out of the cache; undefined where it read nothing. */
export const cacheShareOf = (figures: Figures): number | undefined => {
  const input = inputOf(figures);
  return input === 0 ? undefined : figures.cacheReadTokens / input;
};
