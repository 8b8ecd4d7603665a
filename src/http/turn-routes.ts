/** Handlers of the actions `turn` and `count`: parse, run, render. */
import type { Handler } from 'hono';
import { localOwner } from '../access/keys.ts';
import type { Dialect, ParseContext, ParsedRequest } from '../dialects/dialect.ts';
import { inCallersWords } from '../dialects/callers-field.ts';
import { strictError } from '../dialects/strict-mode.ts';
import { toTurnError, type TurnError } from '../turn/errors.ts';
import type { TurnEvent } from '../turn/events.ts';
import { foldMessage } from '../turn/fold.ts';
import type { Turn } from '../turn/turn.ts';
import { withStopSequences } from '../turn/with-stop-sequences.ts';
import { tap } from '../util/iterators.ts';
import { answerHeaders } from './answer-headers.ts';
import { readJson } from './body.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { noteError } from './errors.ts';
import { waitForFirstEvent, type FirstEvent } from './first-event.ts';
import { secondsUntilReset } from './limit-headers.ts';
import { withWait } from './retry-headers.ts';
import { countTurn, runTurn } from './run-turn.ts';
import type { Services } from './services.ts';
import { sseBody, sseHeaders } from './sse.ts';
import { cancellable, readReferences, storeAnswer, type RunningAnswers } from './stored-responses.ts';
import { TurnRecord } from './turn-record.ts';

/** Well under the 60 seconds after which proxies in between give up on a silent connection. */
const longestHeaderWaitMs = 15_000;

/** An answer under way: what every step from the parsed request to the last byte needs. */
interface Answer {
  readonly c: HttpContext;
  readonly dialect: Dialect;
  readonly services: Services;
  readonly parsed: ParsedRequest;
  readonly record: TurnRecord;
}

export const turnRoute =
  (services: Services, running: RunningAnswers): Handler<HttpEnv> =>
  async (c) => {
    const dialect = c.get('dialect');
    const body = await readJson(c, services);
    const parsed = accept(dialect.parse(body, await contextOf(c, body, services)), c, services);
    const record = new TurnRecord(services.clock);
    const answer: Answer = { c, dialect, services, parsed, record };
    const client = new AbortController();
    c.get('signal').addEventListener('abort', () => client.abort(), { once: true });
    if (c.get('signal').aborted) client.abort();
    const events = tap(eventsOf(answer, client, running), (event) => record.note(event));
    return parsed.stream ? respondStream(events, answer, () => client.abort()) : respondJson(events, answer);
  };

const eventsOf = (
  { c, dialect, parsed, services }: Answer,
  client: AbortController,
  running: RunningAnswers,
): AsyncIterable<TurnEvent> => {
  const { emulatedStops } = parsed;
  const turn = runTurn(turnOf(parsed, c), client.signal, services);
  const events = emulatedStops.length === 0 ? turn : withStopSequences(turn, emulatedStops);
  if (dialect.storage === undefined) return events;
  const owner = c.get('owner') ?? localOwner;
  const underWay = { ...dialect.storage.underWay(parsed), owner, cancel: () => client.abort() };
  return cancellable(storeAnswer(events, { c, parsed, services }), running, underWay);
};

/** The same request, only counted: `/v1/messages/count_tokens`. */
export const countRoute =
  (services: Services): Handler<HttpEnv> =>
  async (c) => {
    const dialect = c.get('dialect');
    const { parseCount, renderCount } = dialect;
    if (parseCount === undefined || renderCount === undefined) throw new TypeError(`${dialect.name} counts nothing.`);
    const body = await readJson(c, services);
    const parsed = accept(parseCount(body, await contextOf(c, body, services)), c, services);
    setHeaders({ c, dialect, services, parsed, record: new TurnRecord(services.clock) });
    return c.json(renderCount(await countTurn(turnOf(parsed, c), c.get('signal'), services)));
  };

const contextOf = async (c: HttpContext, body: unknown, services: Services): Promise<ParseContext> => {
  const { resolveModel, modelsKnown, engine, clock } = services;
  await modelsKnown();
  const stored = await readReferences(c, body, services);
  const cipher = c.get('dialect').storage === undefined ? undefined : await services.cipher?.();
  const inHeaders = Object.entries(c.get('dialect').parametersInHeaders ?? {})
    .filter(([header]) => c.req.header(header) !== undefined)
    .map(([, name]) => name);
  return {
    resolveModel,
    betas: listOf(c.req.header('anthropic-beta')),
    inHeaders,
    now: Math.floor(clock.now() / 1000),
    clock,
    requestId: c.get('requestId'),
    engine,
    ...(stored && { stored }),
    ...(cipher && { cipher }),
  };
};

const accept = (parsed: ParsedRequest, c: HttpContext, { settings }: Services): ParsedRequest => {
  const refused = settings.strict ? strictError(parsed.report) : undefined;
  if (refused !== undefined) throw refused;
  c.get('record').asks({ modelAsked: parsed.model.requested, model: parsed.model, streamed: parsed.stream });
  return parsed;
};

const turnOf = (parsed: ParsedRequest, c: HttpContext): Turn => ({
  id: c.get('requestId'),
  owner: c.get('owner') ?? localOwner,
  request: parsed.request,
  betas: parsed.betas,
});

// While it waits nothing can be sent: the status of a JSON answer comes with its end.
const respondJson = async (events: AsyncIterable<TurnEvent>, answer: Answer): Promise<Response> => {
  const { c, dialect, parsed } = answer;
  const message = await foldMessage(events)
    .catch(rethrowWithRetryAfter(answer))
    .finally(() => setHeaders(answer));
  return c.json(dialect.render(message, parsed));
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
  const body = sseBody(dialect.stream(failWithRetryAfter(first.events, answer), parsed), {
    keepalive: { frame: dialect.keepalive, everyMs: settings.keepaliveMs, atOnce: !first.begun },
    clock,
    errorFrame: (thrown) => {
      const error = withRetryAfter(thrown, answer);
      noteError(error, c, services);
      return dialect.endsFailedStreams === true ? undefined : dialect.errorFrame(error, c.get('requestId'));
    },
    ended: () => {
      c.get('record').used(record.figures());
      c.get('record').end();
    },
    left: leave,
  });
  return c.body(body, 200, sseHeaders);
};

/** An error that only a stream can carry, as the events of one; any other is thrown. */
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
    inCallersWords(toTurnError(thrown), parsed.callersField),
    secondsUntilReset(record.notices, services.clock.now()),
  );

const rethrowWithRetryAfter =
  (answer: Answer) =>
  (thrown: unknown): never => {
    throw withRetryAfter(thrown, answer);
  };

const setHeaders = ({ c, dialect, services, parsed, record }: Answer): void => {
  const { answeredBy } = record.figures();
  const headers = answerHeaders(parsed, record.notices, { nowMs: services.clock.now(), dialect, answeredBy });
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (dialect.requestIdHeader !== undefined) c.header(dialect.requestIdHeader, c.get('requestId'));
  c.get('record').used(record.figures());
};

const listOf = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
