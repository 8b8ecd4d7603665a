/**
 * What the Anthropic API costs: list prices in US dollars for a million tokens, with the day from which each holds.
 * A price that is not in the table is unknown, never zero and never that of a similar model.
 * Source: https://platform.claude.com/docs/en/about-claude/pricing and the model pages beside it.
 */
import type { Cost, TokenCounts } from '../turn/request-summary.ts';

export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
}

interface Price extends Rates {
  /** The first day, in UTC. */
  readonly from: string;
  /** Other rates for every token of a request whose prompt, cache included, is longer than this. */
  readonly longPrompt?: Rates & { readonly above: number };
  /** Factor for `speed: "fast"`; absent where the fast price is not known. */
  readonly fast?: number;
  /** Factor for `inference_geo: "us"`; absent where the model cannot be asked for it. */
  readonly us?: number;
}

/** What a request used, as far as it is priced. */
export interface PricedUsage {
  readonly tokens: TokenCounts;
  readonly webSearches?: number;
  /** As in the API's `usage`; absent or null means the standard. */
  readonly speed?: string | null;
  readonly inferenceGeo?: string | null;
  readonly serviceTier?: string | null;
}

const price = (from: string, [input, output, cacheWrite5m, cacheWrite1h, cacheRead]: Figures): Price => ({
  from,
  input,
  output,
  cacheWrite5m,
  cacheWrite1h,
  cacheRead,
});

type Figures = readonly [input: number, output: number, cacheWrite5m: number, cacheWrite1h: number, cacheRead: number];

const US = 1.1;

/** By the model's name without its date; in each list the newest comes first. */
const PRICES: ReadonlyMap<string, readonly Price[]> = new Map(
  Object.entries({
    // As Claude Code 2.x itself reckons it: the page of prices does not have it yet.
    'claude-fable-5-2': [{ ...price('2026-11-09', [8, 40, 10, 16, 0.2]) }],
    'claude-fable-5-1': [{ ...price('2026-09-01', [10, 50, 12.5, 20, 0.25]), us: US }],
    'claude-mythos-5-1': [{ ...price('2026-09-01', [10, 50, 12.5, 20, 0.25]), us: US }],
    'claude-fable-5': [{ ...price('2026-06-09', [10, 50, 12.5, 20, 1]), us: US }],
    'claude-mythos-5': [{ ...price('2026-06-09', [10, 50, 12.5, 20, 1]), us: US }],
    'claude-opus-5-5': [{ ...price('2026-09-22', [4, 20, 5, 8, 0.2]), fast: 2, us: US }],
    'claude-opus-5': [{ ...price('2026-07-24', [5, 25, 6.25, 10, 0.5]), fast: 2, us: US }],
    'claude-opus-4-8': [{ ...price('2026-05-28', [5, 25, 6.25, 10, 0.5]), us: US }],
    'claude-opus-4-7': [{ ...price('2026-04-16', [5, 25, 6.25, 10, 0.5]), us: US }],
    'claude-opus-4-6': [{ ...price('2026-02-05', [5, 25, 6.25, 10, 0.5]), us: US }],
    'claude-opus-4-5': [price('2025-11-01', [5, 25, 6.25, 10, 0.5])],
    'claude-sonnet-5-5': [
      { ...price('2026-10-07', [2, 10, 2.5, 4, 0.1]), us: US },
      { ...price('2026-09-28', [2, 10, 2.5, 4, 0.2]), us: US },
    ],
    'claude-sonnet-5': [{ ...price('2026-06-30', [2, 10, 2.5, 4, 0.2]), us: US }],
    'claude-sonnet-4-6': [{ ...price('2026-02-17', [3, 15, 3.75, 6, 0.3]), us: US }],
    'claude-sonnet-4-5': [price('2025-09-29', [3, 15, 3.75, 6, 0.3])],
    'claude-haiku-5-5': [
      {
        ...price('2026-10-07', [0.1, 0.5, 0.125, 0.2, 0.01]),
        longPrompt: { above: 100_000, input: 0.5, output: 2.5, cacheWrite5m: 0.625, cacheWrite1h: 1, cacheRead: 0.05 },
        us: US,
      },
    ],
    'claude-haiku-4-5': [price('2025-10-01', [1, 5, 1.25, 2, 0.1])],
  } satisfies Record<string, readonly Price[]>),
);

const WEB_SEARCH_USD = 0.01;

/** What the request costs at list price; `at` is the request's time in milliseconds since the Unix epoch. */
export const costOf = (usage: PricedUsage, model: string, at: number): Cost => {
  const priced = priceOf(model, at);
  const factor = priced === undefined ? undefined : factorOf(usage, priced);
  if (priced === undefined || factor === undefined) return { usd: 'unknown', basis: 'unknown' };
  return { usd: usdOf(usage, ratesFor(usage.tokens, priced), factor), basis: 'list' };
};

/** The list prices of the model for short prompts on that day; undefined where they are not known. */
export const pricesOf = (model: string, at: number): Rates | undefined => priceOf(model, at);

const priceOf = (model: string, at: number): Price | undefined =>
  PRICES.get(nameOf(model))?.find(({ from }) => at >= Date.parse(from));

/** The highest price of any model today: it counts for a request of unknown price, so that a limit in dollars holds. */
export const dearestCost = (usage: PricedUsage): number =>
  Math.max(
    ...[...PRICES.values()].map(([newest]) => (newest === undefined ? 0 : usdOf(usage, newest, newest.fast ?? 1))),
  );

/** `claude-opus-4-5-20251101` and `claude-opus-5[1m]` are priced as the model without these endings. */
const nameOf = (model: string): string =>
  model
    .toLowerCase()
    .replace(/\[1m\]$/u, '')
    .replace(/-(?:20\d{6}|latest)$/u, '');

/** Undefined where the table has no price for the way in which the request was served. */
const factorOf = ({ speed, inferenceGeo, serviceTier }: PricedUsage, { fast, us }: Price): number | undefined => {
  if ((serviceTier ?? 'standard') !== 'standard') return undefined;
  const speedFactor = speed === 'fast' ? fast : 1;
  const geoFactor = inferenceGeo === 'us' ? us : 1;
  return speedFactor === undefined || geoFactor === undefined ? undefined : speedFactor * geoFactor;
};

const ratesFor = ({ input, cacheRead, cacheWrite5m, cacheWrite1h }: TokenCounts, priced: Price): Rates => {
  const prompt = input + cacheRead + cacheWrite5m + cacheWrite1h;
  return priced.longPrompt !== undefined && prompt > priced.longPrompt.above ? priced.longPrompt : priced;
};

const usdOf = ({ tokens, webSearches = 0 }: PricedUsage, rates: Rates, factor: number): number => {
  const perMillion =
    tokens.input * rates.input +
    tokens.output * rates.output +
    tokens.cacheRead * rates.cacheRead +
    tokens.cacheWrite5m * rates.cacheWrite5m +
    tokens.cacheWrite1h * rates.cacheWrite1h;
  return (perMillion * factor) / 1_000_000 + webSearches * WEB_SEARCH_USD;
};
