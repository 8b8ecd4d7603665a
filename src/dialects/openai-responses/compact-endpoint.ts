/** `POST /v1/responses/compact`: the summary of a conversation as an answer of its own. */
import { TurnError } from '../../turn/errors.ts';
import type { AnswerMessage } from '../../turn/turn.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import type { ResponsesAnswer } from './answer/answer.ts';
import { outputOf, usageOf } from './answer/response.ts';
import { parse } from './parse.ts';
import { listed } from './storage.ts';

export const parseCompact = (body: unknown, context: ParseContext): ParsedRequest<ResponsesAnswer> => {
  if (typeof body !== 'object' || body === null) return parse(body, context);
  const { input }: { input?: unknown } = body;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : (input ?? []);
  // What is no list is refused by name.
  const asked = Array.isArray(items) ? [...(items as readonly unknown[]), { type: 'compaction_trigger' }] : items;
  return parse({ ...body, input: asked, store: false, stream: false }, context);
};

/** The user's own words are kept, as OpenAI keeps them, and the summary stands for the rest. */
export const renderCompact = (message: AnswerMessage, { answer }: ParsedRequest<ResponsesAnswer>): object => {
  const [summary] = outputOf(message, answer);
  if (summary === undefined) {
    throw new TurnError('upstream_error', 'The model did not finish the summary of this conversation.');
  }
  const said = answer.input.flatMap((item, position) =>
    Reflect.get(item, 'role') === 'user' ? [listed(item, { response: answer.id, position })] : [],
  );
  return {
    id: answer.id,
    object: 'response.compaction',
    created_at: answer.created,
    output: [...said, summary],
    usage: usageOf(message.usage),
  };
};
