/** What a POST becomes: parsed by its dialect, run as a turn, rendered by its dialect. */
import type { Handler } from 'hono';
import { localOwner } from '../access/keys.ts';
import { parseCountTokens } from '../dialects/anthropic-messages/parse.ts';
import { anthropicMessages } from '../dialects/index.ts';
import type { Dialect, ParseContext, ParsedRequest, SseFrame } from '../dialects/dialect.ts';
import { strictError } from '../dialects/strict-mode.ts';
import { toTurnError, type TurnError } from '../turn/errors.ts';
import type { TurnEvent } from '../turn/events.ts';
import { foldMessage } from '../turn/fold.ts';
import type { Turn } from '../turn/turn.ts';
import { withStopSequences } from '../turn/with-stop-sequences.ts';
import { answerHeaders } from './answer-headers.ts';
import { readJson } from './body.ts';
import type { HttpContext, HttpEnv } from './context.ts';
import { isAnthropic, noteError } from './errors.ts';
import { withKeepalive } from './keepalive.ts';
import { openingOf } from './first-event.ts';
import { secondsUntilReset } from './rate-limit-headers.ts';
import { withWait } from './retry-headers.ts';
import { runTurn } from './run-turn.ts';
import type { Services } from './services.ts';
import { sseBody, sseHeaders } from './sse.ts';
import { TurnRecord } from './turn-record.ts';

/** Well under the 60 seconds after which proxies in between give up on a silent connection. */
const longestHeaderWaitMs = 15_000;

export const turnRoute =
  (dialect: Dialect, services: Services): Handler<HttpEnv> =>
  async (c) => {
    const parsed = accept(
      dialect.parse(await readJson(c, services.settings), await contextOf(c, services)),
      c,
      services,
    );
    c.get('line').add({ dialect: dialect.name, stream: parsed.stream });
    const gone = new AbortController();
    const client = AbortSignal.any([c.get('signal'), gone.signal]);
    const record = new TurnRecord();
    const events = record.watch(withStopSequences(runTurn(turnOf(parsed, c), client, services), parsed.emulatedStops));
    const answer: Answer = { c, dialect, services, parsed, record };
    return parsed.stream ? streamed(events, answer, () => gone.abort()) : whole(events, answer);
  };

/** `/v1/messages/count_tokens`: the same request, only counted. */
export const countRoute =
  (services: Services): Handler<HttpEnv> =>
  async (c) => {
    const parsed = accept(
      parseCountTokens(await readJson(c, services.settings), await contextOf(c, services)),
      c,
      services,
    );
    tellHeaders({ c, dialect: anthropicMessages, services, parsed, record: new TurnRecord() });
    const lease = await services.leases.acquire(c.get('owner') ?? localOwner, c.get('signal'));
    try {
      return c.json({ input_tokens: await services.engine.countTokens(turnOf(parsed, c), c.get('signal')) });
    } finally {
      lease.release();
    }
  };

interface Answer {
  readonly c: HttpContext;
  readonly dialect: Dialect;
  readonly services: Services;
  readonly parsed: ParsedRequest;
  readonly record: TurnRecord;
}

const contextOf = async (
  c: HttpContext,
  { resolveModel, modelsKnown, engine, clock }: Services,
): Promise<ParseContext> => {
  await modelsKnown();
  const inHeaders = Object.entries(PARAMETERS_IN_HEADERS)
    .filter(([header]) => c.req.header(header) !== undefined)
    .map(([, name]) => name);
  return {
    resolveModel,
    betas: listOf(c.req.header('anthropic-beta')),
    inHeaders,
    now: Math.floor(clock.now() / 1000),
    engine,
  };
};

/** The Anthropic SDK takes these as parameters and sends them as headers. */
const PARAMETERS_IN_HEADERS: Readonly<Record<string, string>> = {
  'anthropic-user-profile-id': 'user_profile_id',
  'anthropic-workspace-id': 'workspace_id',
};

const accept = (parsed: ParsedRequest, c: HttpContext, { settings }: Services): ParsedRequest => {
  const refused = settings.strict ? strictError(parsed.report) : undefined;
  if (refused !== undefined) throw refused;
  c.get('line').add({ asked: parsed.model.requested, model: parsed.model.id });
  return parsed;
};

const turnOf = (parsed: ParsedRequest, c: HttpContext): Turn => ({
  id: c.get('requestId'),
  owner: c.get('owner') ?? localOwner,
  request: parsed.request,
  betas: parsed.betas,
});

// While it waits nothing can be sent: the status of a JSON answer comes with its end.
const whole = async (events: AsyncIterable<TurnEvent>, answer: Answer): Promise<Response> => {
  const { c, dialect, parsed } = answer;
  const message = await foldMessage(events)
    .catch(sayWhen(answer))
    .finally(() => tellHeaders(answer));
  return c.json(dialect.render(message, parsed));
};

const streamed = async (events: AsyncIterable<TurnEvent>, answer: Answer, leave: () => void): Promise<Response> => {
  const { c, dialect, parsed, services } = answer;
  const { clock, settings } = services;
  const opening = await openingOf(events, { waitMs: settings.headerWaitMs, longestMs: longestHeaderWaitMs, clock })
    .catch(sayWhen(answer))
    .finally(() => tellHeaders(answer));
  const frames = withKeepalive(dialect.stream(opening.events, parsed), {
    frame: dialect.keepalive,
    everyMs: settings.keepaliveMs,
    atOnce: !opening.begun,
    clock,
  });
  c.get('line').bodyFollows();
  return c.body(sseBody(toItsEnd(frames, answer), leave), 200, sseHeaders);
};

/** A stream that fails ends with the dialect's error frame; however it ends, the log line is written. */
async function* toItsEnd(frames: AsyncIterable<SseFrame>, answer: Answer): AsyncGenerator<SseFrame, void, undefined> {
  const { c, dialect, services, record } = answer;
  try {
    yield* frames;
  } catch (thrown) {
    const error = toldWhen(thrown, answer);
    noteError(error, c, services);
    yield dialect.errorFrame(error, c.get('requestId'));
  } finally {
    c.get('line').add(record.figures());
    c.get('line').end();
  }
}

/** A limit that refused the turn may have told of its end before the error came. */
const toldWhen = (thrown: unknown, { record, services }: Answer): TurnError =>
  withWait(toTurnError(thrown), secondsUntilReset(record.notices, services.clock.now()));

const sayWhen =
  (answer: Answer) =>
  (thrown: unknown): never => {
    throw toldWhen(thrown, answer);
  };

const tellHeaders = ({ c, dialect, services, parsed, record }: Answer): void => {
  const headers = answerHeaders(parsed, record.notices, {
    nowMs: services.clock.now(),
    anthropic: isAnthropic(dialect),
  });
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (isAnthropic(dialect)) c.header('request-id', c.get('requestId'));
  c.get('line').add(record.figures());
};

const listOf = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
