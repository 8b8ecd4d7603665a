/** Converts the blocks of an answer to the items of a Response. */
import type {
  ResponseCodeInterpreterToolCall,
  ResponseCompactionItem,
  ResponseCustomToolCallItem,
  ResponseFunctionToolCallItem,
  ResponseFunctionWebSearch,
  ResponseOutputMessage,
  ResponseOutputText,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses';
import type { AnswerMessage } from '../../../turn/turn.ts';
import { citedPages } from '../../openai/web-search.ts';
import { encryptSummary } from '../compaction.ts';
import { encryptBlocks } from '../encrypted-blocks.ts';
import { rawJson, textOfInput } from '../../openai/custom-tools.ts';
import { itemId, type ResponsesAnswer } from './answer.ts';

export type Block = AnswerMessage['content'][number];
type BlockOf<Type extends Block['type']> = Extract<Block, { type: Type }>;
export type TextBlock = BlockOf<'text'>;
export type HostedUse = BlockOf<'server_tool_use'>;

/** Blocks that form one item. */
export type Piece =
  | { readonly kind: 'message'; readonly texts: readonly TextBlock[]; readonly refusal?: string }
  | { readonly kind: 'reasoning'; readonly block: BlockOf<'thinking' | 'redacted_thinking'> }
  | { readonly kind: 'call'; readonly block: BlockOf<'tool_use'> }
  | { readonly kind: 'hosted'; readonly use: HostedUse; readonly result: Block | undefined }
  | { readonly kind: 'compaction'; readonly summary: string };

export type OutputItem =
  | ResponseOutputMessage
  | ResponseReasoningItem
  | ResponseFunctionToolCallItem
  | ResponseCustomToolCallItem
  | HostedItem
  | ResponseCompactionItem;
export type HostedItem = (ResponseFunctionWebSearch | ResponseCodeInterpreterToolCall) & Encrypted;

/** An item that OpenAI does not have: it carries the results that Claude needs back with the conversation. */
interface Encrypted {
  encrypted_content?: string;
}

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

interface ItemState {
  readonly index: number;
  readonly status: ItemStatus;
  readonly answer: ResponsesAnswer;
}

/** Consecutive texts are one message: Claude splits them where it cites. Without text there is no message. */
export const piecesOf = (content: readonly Block[]): readonly Piece[] => {
  const pieces: Piece[] = [];
  let texts: TextBlock[] = [];
  const endMessage = (): void => {
    if (texts.some(({ text }) => text !== '')) pieces.push({ kind: 'message', texts });
    texts = [];
  };
  for (const block of content) {
    if (block.type === 'text') {
      texts.push(block);
      continue;
    }
    endMessage();
    const piece = pieceOf(block, content);
    if (piece !== undefined) pieces.push(piece);
  }
  endMessage();
  return pieces;
};

const pieceOf = (block: Exclude<Block, TextBlock>, content: readonly Block[]): Piece | undefined => {
  if (block.type === 'thinking' || block.type === 'redacted_thinking') return { kind: 'reasoning', block };
  if (block.type === 'tool_use') return { kind: 'call', block };
  if (block.type !== 'server_tool_use' || !isShown(block)) return undefined;
  return { kind: 'hosted', use: block, result: content.find((other) => isResultOf(other, block)) };
};

/** Tools of the API that have their own item type. */
export const isShown = ({ name }: HostedUse): boolean =>
  name === 'web_search' || name === 'web_fetch' || name === 'code_execution';

const isResultOf = (block: Block, use: HostedUse): boolean => 'tool_use_id' in block && block.tool_use_id === use.id;

export const itemOf = (piece: Piece, state: ItemState): OutputItem => {
  switch (piece.kind) {
    case 'message':
      return messageItem(piece, state);
    case 'reasoning':
      return reasoningItem(piece.block, state);
    case 'call':
      return callItem(piece.block, state);
    case 'hosted':
      return hostedItem(piece, state);
    case 'compaction':
      return compactionItem(piece.summary, state);
    default:
      return piece satisfies never;
  }
};

/** One that has begun has nothing in it yet. */
const compactionItem = (summary: string, { index, answer: { id, cipher } }: ItemState): ResponseCompactionItem => ({
  id: itemId('compaction', id, index),
  type: 'compaction',
  encrypted_content: cipher === undefined || summary === '' ? '' : encryptSummary(cipher, summary),
});

type Part = ResponseOutputMessage['content'][number];

const messageItem = (
  { texts, refusal }: Extract<Piece, { kind: 'message' }>,
  { index, status, answer }: ItemState,
): ResponseOutputMessage => ({
  id: itemId('message', answer.id, index),
  type: 'message',
  status,
  role: 'assistant',
  content: [
    ...(texts.length > 0 ? [textPart(texts)] : []),
    ...(refusal === undefined ? [] : [{ type: 'refusal', refusal } as const]),
  ] satisfies Part[],
});

export const textPart = (texts: readonly TextBlock[]): ResponseOutputText => ({
  type: 'output_text',
  text: texts.map(({ text }) => text).join(''),
  annotations: annotationsOf(texts),
  logprobs: [],
});

type Annotation = ResponseOutputText['annotations'][number];

/** Each page that a text cites, for the whole of that text. */
export const annotationsOf = (texts: readonly TextBlock[]): Annotation[] => {
  let start = 0;
  return texts.flatMap((block): Annotation[] => {
    const pages = citedPages(block, start);
    start += block.text.length;
    return pages.map((page) => ({ type: 'url_citation', ...page }));
  });
};

const reasoningItem = (
  block: BlockOf<'thinking' | 'redacted_thinking'>,
  { index, status, answer }: ItemState,
): ResponseReasoningItem => {
  const text = block.type === 'thinking' && !answer.withoutSummary ? block.thinking : '';
  return {
    id: itemId('reasoning', answer.id, index),
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    status,
    ...encrypted([block], { status, answer }),
  };
};

const callItem = (
  { id: call_id, name: flat, input }: BlockOf<'tool_use'>,
  { index, status, answer }: ItemState,
): ResponseFunctionToolCallItem | ResponseCustomToolCallItem => {
  const { kind, name, namespace } = answer.names.origin(flat);
  const common = { status, call_id, name, ...(namespace === undefined ? {} : { namespace }) };
  if (kind === 'custom') {
    const id = itemId('custom_tool_call', answer.id, index);
    return { id, type: 'custom_tool_call', ...common, input: textOfInput(input) };
  }
  return { id: itemId('function_call', answer.id, index), type: 'function_call', ...common, arguments: rawJson(input) };
};

const hostedItem = ({ use, result }: Extract<Piece, { kind: 'hosted' }>, state: ItemState): HostedItem => {
  const { index, answer } = state;
  const status = hostedStatus(result, state.status);
  const hidden = result === undefined ? {} : encrypted([use, result], { status, answer });
  if (use.name !== 'code_execution') {
    const id = itemId('web_search_call', answer.id, index);
    return { id, type: 'web_search_call', status, action: actionOf(use, result, answer), ...hidden };
  }
  const code = memberOf(use.input, 'code');
  return {
    id: itemId('code_interpreter_call', answer.id, index),
    type: 'code_interpreter_call',
    status,
    code: code ?? null,
    container_id: use.id,
    outputs: result?.type === 'code_execution_tool_result' ? logsOf(result) : null,
    ...hidden,
  };
};

const encrypted = (
  blocks: readonly Block[],
  { status, answer }: { status: string; answer: ResponsesAnswer },
): Encrypted =>
  answer.encrypted && answer.cipher !== undefined && (status === 'completed' || status === 'failed')
    ? { encrypted_content: encryptBlocks(answer.cipher, blocks) }
    : {};

/** A call without a result was cut off. */
const hostedStatus = (
  result: Block | undefined,
  status: ItemStatus,
): 'in_progress' | 'incomplete' | 'failed' | 'completed' => {
  if (result === undefined) return status === 'in_progress' ? status : 'incomplete';
  return isError(result) ? 'failed' : 'completed';
};

const isError = (result: Block): boolean =>
  'content' in result && !Array.isArray(result.content) && result.content.type.endsWith('_error');

const actionOf = (
  use: HostedUse,
  result: Block | undefined,
  { sources }: ResponsesAnswer,
): ResponseFunctionWebSearch['action'] => {
  if (use.name === 'web_fetch') return { type: 'open_page', url: memberOf(use.input, 'url') ?? null };
  const query = memberOf(use.input, 'query') ?? '';
  const found = result?.type === 'web_search_tool_result' && Array.isArray(result.content) ? result.content : [];
  return {
    type: 'search',
    query,
    queries: query === '' ? [] : [query],
    ...(sources ? { sources: found.map(({ url }) => ({ type: 'url' as const, url })) } : {}),
  };
};

const logsOf = ({ content }: BlockOf<'code_execution_tool_result'>): ResponseCodeInterpreterToolCall['outputs'] =>
  content.type === 'code_execution_result' ? [{ type: 'logs', logs: `${content.stdout}${content.stderr}` }] : [];

const memberOf = (input: unknown, name: string): string | undefined => {
  const value: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, name) : undefined;
  return typeof value === 'string' ? value : undefined;
};
