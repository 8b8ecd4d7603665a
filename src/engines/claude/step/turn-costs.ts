/**
 * What an answer cost by Claude Code's own figures. They count on over the life of a process and come only with the
 * `result` of a turn, a moment after its last answer: the difference, less what the answers since the `result` before
 * cost by the price table. Whatever does not fit to the token leaves the answer to the table.
 */
import type { ModelUsage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { costOf } from '../../../models/prices.ts';
import { tokenCounts, type Cost } from '../../../turn/request-summary.ts';
import type { AnswerMessage } from '../../../turn/turn.ts';

/** By the model's name, since the start of the process. */
export type CliFigures = Readonly<Record<string, ModelUsage>>;

/** The record of a request waits no longer; nothing that the client gets waits at all. */
const LONGEST_WAIT_MS = 100;

export type Answered = Pick<AnswerMessage, 'model' | 'usage'>;

export class TurnCosts {
  #known: CliFigures = {};
  /** Those since the last `result`: calls of the same turn, and of turns that were left while their calls waited. */
  #answers: readonly Answered[] = [];
  #report: ((cost: Cost | undefined) => void) | undefined;

  answered({ model, usage }: Answered): void {
    this.#answers = [...this.#answers, { model, usage }];
  }

  /** What the turn's last answer cost; undefined where the table has to say it. Asked for before `ended`. */
  last(): Promise<Cost | undefined> {
    const { promise, resolve } = Promise.withResolvers<Cost | undefined>();
    const timer = setTimeout(() => resolve(undefined), LONGEST_WAIT_MS);
    this.#report = (cost) => {
      clearTimeout(timer);
      resolve(cost);
    };
    return promise;
  }

  /** The turn is over; without a `result` where the process has ended. */
  ended(result?: Pick<SDKResultMessage, 'modelUsage'>): void {
    const figures = result?.modelUsage;
    this.#report?.(figures && costOfLast(this.#answers, { before: this.#known, after: figures }));
    this.#report = undefined;
    this.#known = figures ?? this.#known;
    this.#answers = [];
  }
}

/** The cost of the last answer, by the CLI's figures before all of them and after. */
export const costOfLast = (
  answers: readonly Answered[],
  { before, after }: { readonly before: CliFigures; readonly after: CliFigures },
): Cost | undefined => {
  const changed = Object.keys(after).filter((model) => !isSame(countsOf(after[model]), countsOf(before[model])));
  const now = changed.length === 1 ? after[changed[0] ?? ''] : undefined;
  if (now === undefined) return undefined;
  const then = before[changed[0] ?? ''];
  // More or less than these answers: a cut or abandoned answer is in the difference, or the count began anew.
  const used = countsOf(now).map((count, index) => count - (countsOf(then)[index] ?? 0));
  if (!isSame(used, sumOf(answers))) return undefined;
  const earlier = answers.slice(0, -1).map(listCost);
  // At rates of the organisation's own, what the table gave the answers before says nothing about the last.
  if (now.costBasis !== 'list' && (now.costBasis !== 'managed' || earlier.length > 0)) return undefined;
  const usd = earlier.reduce((left, cost) => left - cost, now.costUSD - (then?.costUSD ?? 0));
  return usd > 0 ? { usd: Number(usd.toFixed(DIGITS)), basis: now.costBasis } : undefined;
};

/** Of a dollar; a token costs more than ten thousand times as much as the last one. */
const DIGITS = 12;

/** Not a number where the table has no price, which makes every sum with it unusable. */
const listCost = ({ usage, model }: Answered): number => {
  const webSearches = usage.server_tool_use?.web_search_requests ?? 0;
  const serviceTier = usage.service_tier;
  const { usd } = costOf({ tokens: tokenCounts(usage), webSearches, serviceTier }, model, Date.now());
  return usd === 'unknown' ? Number.NaN : usd;
};

const countsOf = (usage: ModelUsage | undefined): readonly number[] => [
  usage?.inputTokens ?? 0,
  usage?.outputTokens ?? 0,
  usage?.cacheReadInputTokens ?? 0,
  usage?.cacheCreationInputTokens ?? 0,
  usage?.webSearchRequests ?? 0,
];

const sumOf = (answers: readonly Answered[]): readonly number[] =>
  answers
    .map(({ usage }) => [
      usage.input_tokens,
      usage.output_tokens,
      usage.cache_read_input_tokens ?? 0,
      usage.cache_creation_input_tokens ?? 0,
      usage.server_tool_use?.web_search_requests ?? 0,
    ])
    .reduce((sums, counts) => counts.map((count, index) => count + (sums[index] ?? 0)), []);

const isSame = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((count, index) => count === right[index]);
