/**
 * Answers that are stored for later requests, in the JSON of their dialect: read before a turn, written after it, shown
 * by id.
 */
import type { Handler } from 'hono';
import { localOwner } from '../../access/keys.ts';
import type { Dialect, DialectStorage, ParsedRequest } from '../../dialects/dialect.ts';
import type { StoredResponse } from '../../dialects/stored-response.ts';
import type { StoredResponse as Row } from '../../store/responses.ts';
import { TurnError } from '../../turn/errors.ts';
import { isStreamEvent, type TurnEvent } from '../../turn/events.ts';
import { MessageFold } from '../../turn/fold.ts';
import type { Clock } from '../../util/clock.ts';
import { printable } from '../request/body.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import type { Services } from '../services.ts';

type StoreServices = Pick<Services, 'responses' | 'clock' | 'log' | 'settings'>;

/** The stored answers that a body refers to. Undefined where nothing is stored; throws `store_unavailable`. */
export const readReferences = async (
  c: HttpContext,
  body: unknown,
  services: StoreServices,
): Promise<ReadonlyMap<string, StoredResponse> | undefined> => {
  const { storage } = c.get('dialect');
  const { responses } = services;
  if (storage === undefined || responses === undefined) return undefined;
  const { continued, mentioned } = storage.references(typeof body === 'object' && body !== null ? body : {});
  const reader = readerOf(c, services.clock);
  const rows = await orUnavailable(
    Promise.all([
      ...(continued === undefined ? [] : [responses.history(continued, reader)]),
      ...mentioned.map(async (id) => await responses.get(id, reader)),
    ]),
  );
  const found = rows.flat().filter((row) => row !== undefined);
  const size = found.reduce((sum, { response, inputItems }) => sum + response.length + inputItems.length, 0);
  if (size > services.settings.maxBodyBytes) throw tooLarge(services.settings.maxBodyBytes);
  return new Map(found.map((row) => [row.id, fromRow(row)]));
};

/** Stores the answer before its end is sent, so that the next request finds it. A failure is logged. */
export async function* storeAnswer(
  events: AsyncIterable<TurnEvent>,
  { c, parsed, services }: { c: HttpContext; parsed: ParsedRequest; services: StoreServices },
): AsyncGenerator<TurnEvent, void, undefined> {
  const { storage } = c.get('dialect');
  const { responses, clock, log } = services;
  if (storage === undefined || responses === undefined) {
    yield* events;
    return;
  }
  const fold = new MessageFold();
  for await (const event of events) {
    if (isStreamEvent(event)) fold.add(event);
    if (event.type === 'message_stop') {
      const record = storage.record(fold.message(), parsed);
      const owner = c.get('owner') ?? localOwner;
      if (record !== undefined) {
        const kept = await responses.put(toRow(record, { owner, clock })).catch((error: unknown) => error);
        if (kept !== 'stored') log.warn({ id: c.get('requestId'), err: kept }, 'a response could not be stored');
      }
    }
    yield event;
  }
}

export const storedResponseRoute =
  (services: StoreServices): Handler<HttpEnv> =>
  async (c) => {
    if (c.req.query('stream') === 'true') {
      const message = "Unsupported value for 'stream': a stored response is whole.";
      throw new TurnError('unsupported_parameter', message, { param: 'stream' });
    }
    const id = idOf(c);
    const row = await find(c, id, services);
    if (row === undefined) throw notFound(id);
    return c.json(storageOf(c).render(fromRow(row), includeOf(c)));
  };

export const storedInputRoute =
  (services: StoreServices): Handler<HttpEnv> =>
  async (c) => {
    const id = idOf(c);
    const rows = await orUnavailable(
      services.responses?.history(id, readerOf(c, services.clock)) ?? Promise.resolve([]),
    );
    if (rows.length === 0) throw notFound(id);
    const { after, limit, order } = c.req.query();
    const query = {
      after,
      limit: limit === undefined ? undefined : Number(limit),
      order: order === 'asc' ? ('asc' as const) : ('desc' as const),
      include: includeOf(c),
    };
    return c.json(storageOf(c).renderInput(rows.map(fromRow), query));
  };

export const removeStoredRoute =
  (services: StoreServices): Handler<HttpEnv> =>
  async (c) => {
    const id = idOf(c);
    const removed = await orUnavailable(
      services.responses?.delete(id, c.get('owner') ?? localOwner) ?? Promise.resolve(false),
    );
    if (!removed) throw notFound(id);
    return c.json(storageOf(c).renderRemoved(id));
  };

/** Ends a running answer; its own request then ends with an error. */
export const cancelRoute =
  (services: StoreServices, running: RunningAnswers): Handler<HttpEnv> =>
  async (c) => {
    const id = idOf(c);
    const cancelled = running.cancel(id, c.get('owner') ?? localOwner);
    if (cancelled !== undefined) return c.json(cancelled);
    const row = await find(c, id, services);
    if (row === undefined) throw notFound(id);
    throw new TurnError('invalid_request', 'Cannot cancel a completed response.', { param: 'response_id' });
  };

/** Running answers that can be cancelled by the id of their response. */
export interface RunningAnswers {
  add(answer: RunningAnswer): Disposable;
  /** The cancelled response; undefined where this owner has none of that id. */
  cancel(id: string, owner: string): object | undefined;
}

interface RunningAnswer {
  readonly id: string;
  readonly owner: string;
  readonly cancel: () => void;
  readonly cancelled: object;
}

export const createRunningAnswers = (): RunningAnswers => {
  const running = new Map<string, RunningAnswer>();
  return {
    add: (answer) => {
      running.set(answer.id, answer);
      return { [Symbol.dispose]: () => running.delete(answer.id) };
    },
    cancel: (id, owner) => {
      const answer = running.get(id);
      if (answer?.owner !== owner) return undefined;
      answer.cancel();
      return answer.cancelled;
    },
  };
};

/** The events of an answer that can be cancelled until its end. */
export async function* cancellable(
  events: AsyncIterable<TurnEvent>,
  running: RunningAnswers,
  answer: RunningAnswer,
): AsyncGenerator<TurnEvent, void, undefined> {
  using _ = running.add(answer);
  yield* events;
}

const idOf = (c: HttpContext): string => c.req.param('id') ?? '';

const storageOf = (c: HttpContext): DialectStorage => {
  const dialect: Dialect = c.get('dialect');
  if (dialect.storage === undefined) throw new TypeError(`${dialect.name} stores nothing.`);
  return dialect.storage;
};

const includeOf = (c: HttpContext): readonly string[] => [
  ...(c.req.queries('include') ?? []),
  ...(c.req.queries('include[]') ?? []),
];

const readerOf = (c: HttpContext, clock: Pick<Clock, 'now'>): { readonly owner: string; readonly now: number } => ({
  owner: c.get('owner') ?? localOwner,
  now: clock.now(),
});

const find = (c: HttpContext, id: string, { responses, clock }: StoreServices): Promise<Row | undefined> =>
  orUnavailable(responses?.get(id, readerOf(c, clock)) ?? Promise.resolve(undefined));

const orUnavailable = async <Value>(reading: Promise<Value>): Promise<Value> => {
  try {
    return await reading;
  } catch (error) {
    throw new TurnError('store_unavailable', 'Stored responses cannot be read at the moment.', { cause: error });
  }
};

/** A single request with the same conversation would be refused too. */
const tooLarge = (bytes: number): TurnError =>
  new TurnError('body_too_large', `The stored conversation has more than ${bytes} bytes. Send what it still needs.`, {
    param: 'previous_response_id',
  });

const notFound = (id: string): TurnError =>
  new TurnError('response_not_found', `Response with id '${printable(id)}' not found.`, { param: 'response_id' });

const fromRow = ({ id, previousId, response, inputItems }: Row): StoredResponse => ({
  id,
  previousId,
  response: JSON.parse(response) as object,
  input: JSON.parse(inputItems) as readonly object[],
});

const toRow = (
  { id, previousId, response, input }: StoredResponse,
  { owner, clock }: { owner: string; clock: Pick<Clock, 'now'> },
): Row => ({
  id,
  previousId,
  owner,
  createdAt: clock.now(),
  response: JSON.stringify(response),
  inputItems: JSON.stringify(input),
});
