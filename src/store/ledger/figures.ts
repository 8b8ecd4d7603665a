/** The sums of a set of requests. */
export interface Figures {
  readonly requests: number;
  /** Requests that ended with an error, refused ones included. */
  readonly errors: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly thinkingTokens: number;
  readonly webSearches: number;
  /** Of the requests whose price is known. */
  readonly costUsd: number;
  /** Requests whose price is not known, so that `costUsd` is too low. */
  readonly unpriced: number;
  /** Sums; divided by `requests` they are means. */
  readonly durationMs: number;
  readonly queueMs: number;
  /** A sum over the `answered` requests, those that had a first token. */
  readonly firstTokenMs: number;
  readonly answered: number;
}

export const noFigures: Figures = {
  requests: 0,
  errors: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  thinkingTokens: 0,
  webSearches: 0,
  costUsd: 0,
  unpriced: 0,
  durationMs: 0,
  queueMs: 0,
  firstTokenMs: 0,
  answered: 0,
};

const NAMES = Object.keys(noFigures) as readonly (keyof Figures)[];

export const addFigures = (a: Figures, b: Figures): Figures =>
  Object.fromEntries(NAMES.map((name) => [name, a[name] + b[name]])) as unknown as Figures;
