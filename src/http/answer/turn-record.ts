/** Collects what the request's summary and the headers need while a turn's events pass. */
import type { AnswerTimes } from '../../dialects/dialect.ts';
import { isStreamEvent, type Notice, type StreamEvent, type TurnEvent } from '../../turn/events.ts';
import { noTokens, tokenCounts, type Cost, type Strategy, type TokenCounts } from '../../turn/request-summary.ts';
import type { Usage } from '../../turn/turn.ts';
import type { Clock } from '../../util/clock.ts';
import { definedOnly } from '../../util/defined-only.ts';

export interface TurnFigures {
  readonly strategy: Strategy | undefined;
  readonly retries: number;
  readonly queueMs: number;
  /** On the monotonic clock: the first event that shows part of the answer. */
  readonly firstEventAt: number | undefined;
  readonly tokens: TokenCounts;
  readonly webSearches: number;
  /** As the API reported it; undefined before it reported any. */
  readonly usage: Partial<Usage> | undefined;
  /** The model in the answer. */
  readonly answeredBy: string | undefined;
  /** As the engine reports it. */
  readonly cost: Promise<Cost | undefined> | undefined;
  readonly stopReason: string | undefined;
}

export class TurnRecord {
  readonly notices: Notice[] = [];
  readonly #clock: Pick<Clock, 'elapsed'>;
  #usage: Partial<Usage> | undefined;
  #answeredBy: string | undefined;
  #stopReason: string | undefined;
  #firstEventAt: number | undefined;
  readonly #startedAt: number;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
    this.#startedAt = clock.elapsed();
  }

  note(event: TurnEvent): void {
    if (event.type === 'notice') this.notices.push(event.notice);
    else if (isStreamEvent(event)) this.#noteAnswer(event);
  }

  figures(): TurnFigures {
    const usage = this.#usage;
    const cost = this.notices.findLast((notice) => notice.kind === 'cost');
    return {
      strategy: this.notices.findLast((notice) => notice.kind === 'strategy')?.strategy,
      retries: this.notices.filter((notice) => notice.kind === 'retry').length,
      queueMs: this.notices.find((notice) => notice.kind === 'queue')?.waitedMs ?? 0,
      firstEventAt: this.#firstEventAt,
      tokens: usage === undefined ? noTokens : tokenCounts(usage),
      webSearches: usage?.server_tool_use?.web_search_requests ?? 0,
      usage,
      answeredBy: this.#answeredBy,
      cost: cost?.cost,
      stopReason: this.#stopReason,
    };
  }

  times(): AnswerTimes {
    const now = this.#clock.elapsed();
    return { untilFirstMs: (this.#firstEventAt ?? now) - this.#startedAt, totalMs: now - this.#startedAt };
  }

  #noteAnswer(event: StreamEvent): void {
    if (event.type === 'content_block_start') this.#firstEventAt ??= this.#clock.elapsed();
    if (event.type === 'message_start') {
      this.#usage = { ...event.message.usage };
      this.#answeredBy = event.message.model;
    }
    if (event.type !== 'message_delta') return;
    this.#usage = { ...this.#usage, ...definedOnly({ ...event.usage }) };
    this.#stopReason = event.delta.stop_reason ?? this.#stopReason;
  }
}
