/** The record of one request, and its summary at the end, also for refused and queued requests. */
import type { MiddlewareHandler } from 'hono';
import { exactName, type ResolvedModel } from '../../models/model.ts';
import { costOf } from '../../models/prices.ts';
import type { TurnError } from '../../turn/errors.ts';
import {
  clientInfo,
  noTokens,
  traceParent,
  type Cost,
  type RequestContent,
  type RequestError,
  type RequestSummary,
  type SummaryListener,
} from '../../turn/request-summary.ts';
import type { Clock } from '../../util/clock.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import type { Services } from '../services.ts';
import type { TurnFigures } from '../answer/turn-record.ts';

/** Enough to tell a caller's texts apart in a log line or a table. */
const LONGEST_TEXT = 200;

interface Asked {
  readonly modelAsked: string;
  readonly model: Pick<ResolvedModel, 'id' | 'fullId' | 'via'>;
  readonly streamed: boolean;
}

export class RequestRecord {
  readonly #begun: Pick<RequestSummary, 'id' | 'at' | 'endpoint' | 'dialect' | 'client' | 'trace'>;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #announce: SummaryListener;
  #key: RequestSummary['key'];
  #content: RequestContent | undefined;
  #asked: Asked | undefined;
  #figures: TurnFigures | undefined;
  #fates: Pick<RequestSummary, 'ignored' | 'emulated'> = {};
  #error: RequestError | undefined;
  #status = 0;
  readonly #whenEnded: (() => void)[] = [];
  readonly #whenKnown: SummaryListener[] = [];
  #bodyFollows = false;
  #ended = false;

  constructor(c: HttpContext, id: string, { clock, announce }: Pick<Services, 'clock' | 'announce'>) {
    this.#clock = clock;
    this.#startedAt = clock.elapsed();
    this.#announce = announce;
    const trace = traceParent(c.req.raw.headers);
    this.#begun = {
      id,
      at: clock.now(),
      endpoint: `${c.req.method} ${c.req.path}`.slice(0, LONGEST_TEXT),
      dialect: c.get('dialect').name,
      client: clientInfo(c.req.raw.headers),
      ...(trace !== undefined && { trace }),
    };
  }

  keyIs(key: NonNullable<RequestSummary['key']>): void {
    this.#key = key;
  }

  /** Bodies to be kept with the summary. */
  keeps(content: RequestContent): void {
    this.#content = { ...this.#content, ...content };
  }

  asks({ modelAsked, model, streamed }: Asked): void {
    this.#asked = { modelAsked: modelAsked.slice(0, LONGEST_TEXT), model, streamed };
  }

  /** Parameters that were not applied as they are. */
  adjusts({ ignored, emulated }: { readonly ignored: readonly string[]; readonly emulated: readonly string[] }): void {
    this.#fates = { ...(ignored.length > 0 && { ignored }), ...(emulated.length > 0 && { emulated }) };
  }

  /** The turn's usage so far; called again while it runs. */
  used(figures: TurnFigures): void {
    this.#figures = figures;
  }

  failed({ code, message, param }: TurnError): void {
    this.#error = {
      code,
      message: message.slice(0, LONGEST_TEXT),
      ...(param !== undefined && { param: param.slice(0, LONGEST_TEXT) }),
    };
  }

  /** Called when the answer has ended, with or without an error. */
  whenEnded(then: () => void): void {
    this.#whenEnded.push(then);
  }

  /** Called with what is announced. */
  whenKnown(then: SummaryListener): void {
    this.#whenKnown.push(then);
  }

  /** The body is a stream: whoever ends it calls `end`. */
  bodyFollows(): void {
    this.#bodyFollows = true;
  }

  headersSent(status: number): void {
    this.#status = status;
    if (!this.#bodyFollows) this.end();
  }

  /** Announces the summary, once; behind the answer, where the engine's word on the cost comes then. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const summary = this.#summary();
    for (const then of this.#whenEnded.splice(0)) then();
    const reported = this.#figures?.cost;
    if (reported === undefined) this.#tell(summary);
    else void reported.then((cost) => this.#tell(cost === undefined ? summary : { ...summary, cost }));
  }

  #tell(summary: RequestSummary): void {
    this.#announce(summary, this.#content);
    for (const then of this.#whenKnown.splice(0)) then(summary);
  }

  #summary(): RequestSummary {
    const { modelAsked, model, streamed = false } = this.#asked ?? {};
    const { firstEventAt, strategy, stopReason } = this.#figures ?? {};
    return {
      ...this.#begun,
      ...(this.#key !== undefined && { key: this.#key }),
      ...(modelAsked !== undefined && { modelAsked }),
      ...(model !== undefined && { model: exactName(model, this.#figures?.answeredBy) }),
      ...(model?.via === 'alias' && { mapped: true }),
      status: this.#status,
      ...(this.#error !== undefined && { error: this.#error }),
      tokens: this.#figures?.tokens ?? noTokens,
      webSearches: this.#figures?.webSearches ?? 0,
      cost: this.#cost(),
      queueMs: this.#figures?.queueMs ?? 0,
      ...(firstEventAt !== undefined && { firstTokenMs: Math.round(firstEventAt - this.#startedAt) }),
      durationMs: Math.round(this.#clock.elapsed() - this.#startedAt),
      ...(strategy !== undefined && { strategy }),
      ...(stopReason !== undefined && { stopReason }),
      ...this.#fates,
      streamed,
      retries: this.#figures?.retries ?? 0,
    };
  }

  /** By the price table; what the engine reports goes before it. */
  #cost(): Cost {
    const figures = this.#figures;
    if (figures?.usage === undefined) return { usd: 0, basis: 'none' };
    const { tokens, webSearches, usage, answeredBy } = figures;
    return costOf(
      { tokens, webSearches, serviceTier: usage.service_tier ?? null },
      answeredBy ?? this.#asked?.model.id ?? '',
      this.#begun.at,
    );
  }
}

/** Gives the request its id, its record, and the headers that every answer carries. */
export const recordRequests =
  (
    services: Pick<Services, 'clock' | 'announce'> & { settings: { behindWorker?: boolean } },
  ): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const given = services.settings.behindWorker === true ? c.req.header('x-request-id') : undefined;
    const id = given ?? `req_${crypto.randomUUID().replaceAll('-', '')}`;
    const record = new RequestRecord(c, id, services);
    c.set('requestId', id);
    c.set('signal', c.req.raw.signal);
    c.set('record', record);
    // Set before there is a response: setting a header on a finished response copies it, and Node's adapter sends a
    // copy a millisecond later, because it tries to find the body's length.
    setOwnHeaders(c, id);
    await next();
    // A complete response from elsewhere, such as an instance of the Worker, does not have them.
    if (!c.res.headers.has('x-request-id')) setOwnHeaders(c, id);
    record.headersSent(c.res.status);
  };

const setOwnHeaders = (c: HttpContext, id: string): void => {
  c.header('x-request-id', id);
  c.header('x-content-type-options', 'nosniff');
};
