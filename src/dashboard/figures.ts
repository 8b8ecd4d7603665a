/** Numbers of the ledger as pages show them. */
import type { Figures } from '../store/ledger/figures.ts';
import type { Cost } from '../turn/request-summary.ts';
import { count, dollars, html, type Html } from './html.ts';

/** A number that scripts read exactly, and people in words. */
export const number = (value: number, words: string): Html => html`<data value="${String(value)}">${words}</data>`;

/** A price that nobody knows is not zero. */
export const costOf = ({ costUsd, unpriced }: Pick<Figures, 'costUsd' | 'unpriced'>): string => {
  if (unpriced === 0) return dollars(costUsd);
  return costUsd === 0 ? 'unknown' : `${dollars(costUsd)} + ${count(unpriced)} unknown`;
};

export const priceOf = ({ usd }: Cost): string => (usd === 'unknown' ? 'unknown' : dollars(usd));

/** `340 ms`, `2.4 s`, `83 s`. */
export const milliseconds = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${ms < 10_000 ? (ms / 1_000).toFixed(1) : Math.round(ms / 1_000)} s`;
};
