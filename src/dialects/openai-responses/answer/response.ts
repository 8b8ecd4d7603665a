/** The Response object, with every member that OpenAI's types and the Open Responses schema ask for. */
import type { Response, ResponseUsage } from 'openai/resources/responses/responses';
import type { AnswerMessage, StopReason, Usage } from '../../../turn/turn.ts';
import type { ResponseFailure } from '../error.ts';
import type { ResponsesAnswer } from './answer.ts';
import { itemOf, piecesOf, type OutputItem, type Piece } from './output-items.ts';

/** `output_text` is added by the SDK. */
export type RenderedResponse = Omit<Response, 'output_text' | 'output' | 'usage' | 'service_tier' | 'error'> & {
  error: ResponseFailure | null;
  output: readonly OutputItem[];
  usage: ResponseUsage | null;
  service_tier: string;
};

/** A complete answer. */
export const responseOf = (message: AnswerMessage, answer: ResponsesAnswer): RenderedResponse => {
  const reason = incompleteReason(message.stop_reason);
  const output = outputOf(message, answer);
  return {
    ...unfinished(answer, message),
    status: reason === undefined ? 'completed' : 'incomplete',
    completed_at: reason === undefined ? answer.now() : null,
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage: usageOf(message.usage),
  };
};

/** An answer that has begun. */
export const unfinished = (
  answer: ResponsesAnswer,
  message?: Pick<AnswerMessage, 'model' | 'usage'>,
): RenderedResponse => ({
  id: answer.id,
  object: 'response',
  created_at: answer.created,
  completed_at: null,
  status: 'in_progress',
  error: null,
  incomplete_details: null,
  model: message?.model ?? answer.model,
  output: [],
  usage: null,
  service_tier: tierOf(message?.usage.service_tier),
  access_programs: null,
  ...answer.echo,
});

export const outputOf = (message: AnswerMessage, answer: ResponsesAnswer): readonly OutputItem[] => {
  const cut = incompleteReason(message.stop_reason) !== undefined;
  if (answer.compacts) return cut ? [] : [summaryOf(message, answer)];
  return withRefusal(piecesOf(message.content), message).map((piece, index) => {
    const status = cut && isLast(piece, message) ? 'incomplete' : 'completed';
    return itemOf(piece, { index, status, answer });
  });
};

/** The whole text is the summary; one that was cut would lose what it does not say. */
const summaryOf = ({ content }: Pick<AnswerMessage, 'content'>, answer: ResponsesAnswer): OutputItem => {
  const summary = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  return itemOf({ kind: 'compaction', summary }, { index: 0, status: 'completed', answer });
};

/** Whether the answer was cut off inside this item. */
const isLast = (piece: Piece, { content }: AnswerMessage): boolean => {
  const last = content.at(-1);
  if (piece.kind === 'message') return piece.refusal !== undefined || piece.texts.some((text) => text === last);
  return (piece.kind === 'reasoning' || piece.kind === 'call') && piece.block === last;
};

/** A refusal with the upstream's text is part of the last message, or a message of its own. */
const withRefusal = (
  pieces: readonly Piece[],
  message: Pick<AnswerMessage, 'stop_reason' | 'stop_details'>,
): readonly Piece[] => {
  const refusal = refusalOf(message);
  if (refusal === undefined) return pieces;
  const last = pieces.at(-1);
  return last?.kind === 'message'
    ? [...pieces.slice(0, -1), { ...last, refusal }]
    : [...pieces, { kind: 'message', texts: [], refusal }];
};

export const refusalOf = ({
  stop_reason,
  stop_details,
}: Pick<AnswerMessage, 'stop_reason' | 'stop_details'>): string | undefined =>
  stop_reason === 'refusal' ? (stop_details?.explanation ?? undefined) : undefined;

type Reason = 'max_output_tokens' | 'content_filter';

const INCOMPLETE: Readonly<Partial<Record<StopReason, Reason>>> = {
  max_tokens: 'max_output_tokens',
  model_context_window_exceeded: 'max_output_tokens',
  refusal: 'content_filter',
};

/** Undefined for a complete answer. */
export const incompleteReason = (stop: StopReason | null): Reason | undefined =>
  stop === null ? undefined : INCOMPLETE[stop];

/**
 * OpenAI includes cached tokens in the input, Anthropic counts them separately. The schema requires a number where none
 * was reported.
 */
export const usageOf = (usage: Usage): ResponseUsage => {
  const cached_tokens = usage.cache_read_input_tokens ?? 0;
  const cache_write_tokens = usage.cache_creation_input_tokens ?? 0;
  const input_tokens = usage.input_tokens + cached_tokens + cache_write_tokens;
  return {
    input_tokens,
    input_tokens_details: { cached_tokens, cache_write_tokens },
    output_tokens: usage.output_tokens,
    output_tokens_details: { reasoning_tokens: usage.output_tokens_details?.thinking_tokens ?? 0 },
    total_tokens: input_tokens + usage.output_tokens,
  };
};

/** `default` is OpenAI's name for the tier that the API calls `standard`. */
const tierOf = (tier: string | null | undefined): string =>
  tier === null || tier === undefined || tier === 'standard' ? 'default' : tier;
