/** The few figures that the tables show. Pure. */

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const p95 = (values: readonly number[]): number => quantile(values, 0.95);

/** By nearest rank, so every figure is a measured one; NaN of nothing. */
const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

export const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** Two or three digits that mean something: 0.42, 7.3, 23, 1204. */
export const rounded = (value: number): string => {
  if (Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(size < 1 ? 2 : size < 20 ? 1 : 0);
};

export const ratio = (value: number, base: number): string =>
  Number.isFinite(value / base) ? `${rounded(value / base)}×` : '–';

export const megabytes = (bytes: number): string => rounded(bytes / 2 ** 20);
