/** What is stored of an answer, and how it is shown: `GET /v1/responses/:id` and its input items. */
import type { AnswerMessage } from '../../turn/turn.ts';
import type { DialectStorage, ItemQuery, ParsedRequest } from '../dialect.ts';
import type { StoredResponse } from '../stored-response.ts';
import { invalid } from '../validate.ts';
import { itemId, ofItemId, type ResponsesAnswer } from './answer/answer.ts';
import { responseOf, unfinished } from './answer/response.ts';
import { outputOf } from './input/items-of.ts';

const ENCRYPTED = 'reasoning.encrypted_content';
const SOURCES = 'web_search_call.action.sources';

/** Accepts any body, also a malformed one. */
const references: DialectStorage['references'] = (body) => {
  const { previous_response_id: previous, input }: { previous_response_id?: unknown; input?: unknown } = body;
  const ids = (Array.isArray(input) ? (input as readonly unknown[]) : []).flatMap((item) => {
    const { id, type, role }: { id?: unknown; type?: unknown; role?: unknown } =
      typeof item === 'object' && item !== null ? item : {};
    const isReference = type === 'item_reference' || ((type === undefined || type === null) && role === undefined);
    const position = isReference && typeof id === 'string' ? ofItemId(id) : undefined;
    return position === undefined ? [] : [position.responseId];
  });
  return { continued: typeof previous === 'string' ? previous : undefined, mentioned: [...new Set(ids)] };
};

/** Includes everything that a later request needs, even if this request did not ask to see it. */
const record = (message: AnswerMessage, { answer }: ParsedRequest<ResponsesAnswer>): StoredResponse | undefined =>
  answer.echo.store
    ? {
        id: answer.id,
        previousId: answer.echo.previous_response_id ?? undefined,
        response: responseOf(message, { ...answer, encrypted: true, sources: true }),
        input: answer.input,
      }
    : undefined;

const render = (stored: StoredResponse, include: readonly string[]): object => ({
  ...stored.response,
  output: outputOf(stored).map((item) => shown(item, include)),
});

/** Items with only the parts that were asked for. */
const shown = (item: object, include: readonly string[]): object => {
  if (Reflect.get(item, 'type') === 'compaction') return item;
  const { encrypted_content, action, ...rest } = item as { encrypted_content?: unknown; action?: object };
  const { sources, ...visible } = (action ?? {}) as { sources?: unknown };
  return {
    ...rest,
    ...(action === undefined ? {} : { action: include.includes(SOURCES) && sources ? action : visible }),
    ...(encrypted_content === undefined || !include.includes(ENCRYPTED) ? {} : { encrypted_content }),
  };
};

const MOST_ITEMS = 100;

/** One page of the response's input, newest first by default. */
const renderInput = (history: readonly StoredResponse[], { after, limit = 20, order, include }: ItemQuery): object => {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ITEMS) {
    throw invalid('openai', ['limit'], `expected a number from 1 to ${MOST_ITEMS}.`);
  }
  const oldestFirst = history.flatMap((stored, index) => [
    ...stored.input.map((item, position) => listed(item, { response: stored.id, position })),
    ...(index === history.length - 1 ? [] : outputOf(stored).map((item) => shown(item, include))),
  ]) as readonly { readonly id: string }[];
  const items = order === 'asc' ? oldestFirst : oldestFirst.toReversed();
  const begin = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && begin === 0) throw invalid('openai', ['after'], 'there is no item of that id.');
  const data = items.slice(begin, begin + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: begin + limit < items.length,
  };
};

/** An item of a request as the API lists it: with an id, a status, and content in parts. */
export const listed = (item: object, { response, position }: { response: string; position: number }): object => {
  const { id, role, content, ...rest } = item as { id?: unknown; role?: string; content?: unknown };
  const own = typeof id === 'string' && id !== '' ? id : `${itemId('message', response, position)}_in`;
  if (role === undefined) return { id: own, status: 'completed', ...rest };
  const text = role === 'assistant' ? { type: 'output_text', annotations: [] } : { type: 'input_text' };
  const parts = typeof content === 'string' ? [{ ...text, text: content }] : (content ?? []);
  return { id: own, status: 'completed', ...rest, type: 'message', role, content: parts };
};

export const storage: DialectStorage<ResponsesAnswer> = {
  references,
  record,
  render,
  renderInput,
  renderRemoved: (id) => ({ id, object: 'response', deleted: true }),
  underWay: ({ answer }) => ({ id: answer.id, cancelled: { ...unfinished(answer), status: 'cancelled' } }),
};
