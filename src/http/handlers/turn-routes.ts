/** Handlers of the actions `turn` and `count`: parse, run, render. */
import type { Handler } from 'hono';
import { localOwner } from '../../access/keys.ts';
import type { Dialect, HeaderRecord, ParseContext, ParsedRequest, SseFrame } from '../../dialects/dialect.ts';
import { withCallersField } from '../../dialects/callers-field.ts';
import { strictError } from '../../dialects/strict-mode.ts';
import { exactName } from '../../models/model.ts';
import { toTurnError, type TurnError } from '../../turn/errors.ts';
import type { TurnEvent } from '../../turn/events.ts';
import { clientInfo } from '../../turn/request-summary.ts';
import { foldMessage } from '../../turn/fold.ts';
import type { Turn } from '../../turn/turn.ts';
import { withForcedCall } from '../../turn/with-forced-call.ts';
import { withStopSequences } from '../../turn/with-stop-sequences.ts';
import { tap } from '../../util/iterators.ts';
import { admit, headroomHeaders, ownNameOf, refuseOtherModels, resolverOf, notifyPlan } from '../request/admission.ts';
import { answerHeaders, fatesOf } from '../answer/answer-headers.ts';
import { LONGEST_KEPT, printable, readJson, withModelOfPath } from '../request/body.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import { noteError } from '../errors.ts';
import { waitForFirstEvent, type FirstEvent } from '../answer/first-event.ts';
import { secondsUntilReset } from '../answer/limit-headers.ts';
import { withWait } from '../answer/retry-headers.ts';
import { countReplaceable, isModelNotFound, runReplaceable, type Replace } from '../replaced-model.ts';
import { countTurn, runTurn } from '../answer/run-turn.ts';
import type { RunningTurn, RunningTurns } from '../answer/running-turns.ts';
import type { Services } from '../services.ts';
import { streamBody } from '../answer/stream-body.ts';
import { streamFormatOf, type StreamFormat } from '../answer/stream-format.ts';
import { cancellable, readReferences, storeAnswer, type RunningAnswers } from './stored-responses.ts';
import { TurnRecord } from '../answer/turn-record.ts';

/** Well below the 60 seconds after which proxies cut off a silent connection. */
const longestHeaderWaitMs = 15_000;

/** A running answer: everything that its steps need, from the parsed request to the last byte. */
interface Answer {
  readonly c: HttpContext;
  readonly dialect: Dialect;
  readonly services: Services & { readonly turns?: RunningTurns };
  /** Replaced where the model turns out to be retired. */
  parsed: ParsedRequest;
  readonly record: TurnRecord;
  /** The limits as they were known before the turn, under the API's names. */
  readonly limits: HeaderRecord;
}

export const turnRoute =
  (services: Services & { turns: RunningTurns }, running: RunningAnswers): Handler<HttpEnv> =>
  async (c) => {
    const dialect = c.get('dialect');
    const body = withModelOfPath(await readJson(c, services), c.req.param('model'));
    const record = new TurnRecord(services.clock);
    const parse = async () => accept(dialect.parse(body, await contextOf(c, { body, record }, services)), c, services);
    const parsed = await parse();
    const limits = await letIn(c, parsed, services);
    const answer: Answer = { c, dialect, services, parsed, record, limits };
    if (parsed.withoutTurn !== undefined) {
      setHeaders(answer);
      return c.json(parsed.withoutTurn);
    }
    const client = new AbortController();
    c.get('signal').addEventListener('abort', () => client.abort(), { once: true });
    if (c.get('signal').aborted) client.abort();
    c.get('record').whenEnded(services.turns.add(shownTurn(answer), (reason) => client.abort(reason)));
    const replace = replacement(answer, parse);
    const events = tap(eventsOf(answer, { client, running, replace }), (event) => record.note(event));
    return parsed.stream ? respondStream(events, answer, () => client.abort()) : respondJson(events, answer);
  };

const shownTurn = ({ c, dialect, services, parsed: { model, stream } }: Answer): RunningTurn => {
  const { name: client } = clientInfo(c.req.raw.headers);
  return {
    id: c.get('requestId'),
    since: services.clock.now(),
    key: c.get('caller')?.name ?? localOwner,
    ...(client !== undefined && { client }),
    dialect: dialect.name,
    modelAsked: printable(model.requested),
    model: exactName(model),
    streamed: stream,
  };
};

interface TurnParts {
  readonly client: AbortController;
  readonly running: RunningAnswers;
  readonly replace: Replace;
}

const eventsOf = (
  { c, dialect, parsed, services }: Answer,
  { client, running, replace }: TurnParts,
): AsyncIterable<TurnEvent> => {
  const run = (asked: ParsedRequest): AsyncIterable<TurnEvent> => {
    const turn = notifyPlan(runTurn(turnOf(asked, c), client.signal, services), asked.model, services);
    const called = asked.forcedCall === undefined ? turn : withForcedCall(turn, asked.forcedCall);
    return asked.emulatedStops.length === 0 ? called : withStopSequences(called, asked.emulatedStops);
  };
  const events = parsed.model.via === 'exact' ? run(parsed) : runReplaceable(parsed, run, replace);
  if (dialect.storage === undefined) return events;
  const owner = c.get('owner') ?? localOwner;
  const underWay = { ...dialect.storage.underWay(parsed), owner, cancel: () => client.abort() };
  return cancellable(storeAnswer(events, { c, parsed, services }), running, underWay);
};

/** Parses the request again for the model that replaces a retired one. */
const replacement =
  (answer: Answer, parse: () => Promise<ParsedRequest>): Replace =>
  async ({ model }, error) => {
    const named = { ...model, requested: ownNameOf(answer.c, model.requested) };
    if (!isModelNotFound(error) || !answer.services.modelNotFound(named)) return undefined;
    // The renderer's knowledge of the request stays, such as an id that was already sent.
    answer.parsed = { ...(await parse()), answer: answer.parsed.answer };
    return answer.parsed;
  };

/** The same request, only counted: `/v1/messages/count_tokens`. */
export const countRoute =
  (services: Services): Handler<HttpEnv> =>
  async (c) => {
    const dialect = c.get('dialect');
    const { parseCount, renderCount } = dialect;
    if (parseCount === undefined || renderCount === undefined) throw new TypeError(`${dialect.name} counts nothing.`);
    const body = await readJson(c, services);
    const record = new TurnRecord(services.clock);
    const parse = async () => accept(parseCount(body, await contextOf(c, { body, record }, services)), c, services);
    const parsed = await parse();
    const limits = await letIn(c, parsed, services);
    const answer: Answer = { c, dialect, services, parsed, record, limits };
    const count = (asked: ParsedRequest) => countTurn(turnOf(asked, c), c.get('signal'), services);
    const tokens = await countReplaceable(parsed, count, replacement(answer, parse)).finally(() => setHeaders(answer));
    return c.json(renderCount(tokens));
  };

interface Received {
  readonly body: unknown;
  readonly record: TurnRecord;
}

const contextOf = async (c: HttpContext, { body, record }: Received, services: Services): Promise<ParseContext> => {
  const { resolveModel, modelsKnown, engine, clock } = services;
  await modelsKnown();
  const stored = await readReferences(c, body, services);
  const cipher = c.get('dialect').storage === undefined ? undefined : await services.cipher?.();
  const inHeaders = Object.entries(c.get('dialect').parametersInHeaders ?? {})
    .filter(([header]) => c.req.header(header) !== undefined)
    .map(([, name]) => name);
  return {
    resolveModel: resolverOf(c, resolveModel),
    betas: listOf(c.req.header('anthropic-beta')),
    inHeaders,
    now: Math.floor(clock.now() / 1000),
    clock,
    times: () => record.times(),
    requestId: c.get('requestId'),
    engine,
    ...(stored && { stored }),
    ...(cipher && { cipher }),
  };
};

const accept = (parsed: ParsedRequest, c: HttpContext, { settings }: Services): ParsedRequest => {
  const refused = settings.strict ? strictError(parsed.report) : undefined;
  if (refused !== undefined) throw refused;
  refuseOtherModels(c, parsed.model);
  c.get('record').asks({ modelAsked: parsed.model.requested, model: parsed.model, streamed: parsed.stream });
  return parsed;
};

/** A refusal because of a key's limit has that limit in its headers too. */
const letIn = async (c: HttpContext, { model }: ParsedRequest, services: Services): Promise<HeaderRecord> => {
  try {
    return await admit(c, model, services);
  } catch (error) {
    if (toTurnError(error).code === 'key_limit') {
      const limits = await headroomHeaders(c, services);
      const all = { ...limits, ...c.get('dialect').limitHeaders?.(limits, services.clock.now()) };
      for (const [name, value] of Object.entries(all)) c.header(name, value);
    }
    throw error;
  }
};

const turnOf = (parsed: ParsedRequest, c: HttpContext): Turn => ({
  id: c.get('requestId'),
  owner: c.get('owner') ?? localOwner,
  request: parsed.request,
  betas: parsed.betas,
  ...(c.get('dialect').knowsPauses !== true && { throughPauses: true }),
});

// Nothing can be sent while it waits: the status of a JSON answer comes with its end.
const respondJson = async (events: AsyncIterable<TurnEvent>, answer: Answer): Promise<Response> => {
  const { c, dialect, parsed } = answer;
  const message = await foldMessage(events)
    .catch(rethrowWithRetryAfter(answer))
    .finally(() => setHeaders(answer));
  const rendered = dialect.render(message, parsed);
  if (answer.services.keepContent === true) c.get('record').keeps({ response: JSON.stringify(rendered) });
  return c.json(rendered);
};

const respondStream = async (
  events: AsyncIterable<TurnEvent>,
  answer: Answer,
  leave: () => void,
): Promise<Response> => {
  const { c, dialect, parsed, services, record } = answer;
  const { clock, settings } = services;
  const first = await waitForFirstEvent(events, {
    waitMs: settings.headerWaitMs,
    longestMs: longestHeaderWaitMs,
    clock,
  })
    .catch((thrown: unknown) => asStream(withRetryAfter(thrown, answer), dialect))
    .finally(() => setHeaders(answer));
  c.get('record').bodyFollows();
  const format = streamFormatOf(dialect);
  const frames = dialect.stream(failWithRetryAfter(first.events, answer), parsed);
  const kept = services.keepContent === true ? keepFrames(frames, format) : undefined;
  const body = streamBody(kept?.frames ?? frames, {
    format,
    keepalive: { frame: dialect.keepalive, everyMs: settings.keepaliveMs, atOnce: !first.begun },
    clock,
    errorFrame: (thrown) => {
      const error = withRetryAfter(thrown, answer);
      noteError(error, c, services);
      return dialect.endsFailedStreams === true ? undefined : dialect.errorFrame(error, c.get('requestId'));
    },
    ended: () => {
      c.get('record').used(record.figures());
      if (kept !== undefined) c.get('record').keeps({ response: kept.text() });
      c.get('record').end();
    },
    left: leave,
  });
  return c.body(body, 200, format.headers);
};

/** The frames of a stream; collects their text. */
const keepFrames = (frames: AsyncIterable<SseFrame>, { encode }: StreamFormat) => {
  let text = '';
  const noted = tap(frames, (frame) => {
    if (text.length < LONGEST_KEPT) text += encode(frame);
  });
  return { frames: noted, text: () => text };
};

/** Turns an error that only a stream can carry into a stream; rethrows any other. */
const asStream = (error: TurnError, dialect: Dialect): FirstEvent => {
  if (dialect.belongsInStream?.(error) !== true) throw error;
  return { begun: true, events: failing(error) };
};

// oxlint-disable-next-line require-yield
async function* failing(error: TurnError): AsyncGenerator<TurnEvent, void, undefined> {
  throw error;
}

async function* failWithRetryAfter(
  events: AsyncIterable<TurnEvent>,
  answer: Answer,
): AsyncGenerator<TurnEvent, void, undefined> {
  try {
    yield* events;
  } catch (thrown) {
    throw withRetryAfter(thrown, answer);
  }
}

/** The notice of a limit that refused the turn may have named the limit's end before the error came. */
const withRetryAfter = (thrown: unknown, { record, services, parsed }: Answer): TurnError =>
  withWait(
    withCallersField(toTurnError(thrown), parsed.callersField),
    secondsUntilReset(record.notices, services.clock.now()),
  );

const rethrowWithRetryAfter =
  (answer: Answer) =>
  (thrown: unknown): never => {
    throw withRetryAfter(thrown, answer);
  };

const setHeaders = ({ c, dialect, services, parsed, record, limits: known }: Answer): void => {
  const { answeredBy } = record.figures();
  const facts = { nowMs: services.clock.now(), dialect, answeredBy, known };
  const headers = answerHeaders(parsed, record.notices, facts);
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (dialect.requestIdHeader !== undefined) c.header(dialect.requestIdHeader, c.get('requestId'));
  c.get('record').adjusts(fatesOf(parsed, record.notices, dialect));
  c.get('record').used(record.figures());
};

const listOf = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
