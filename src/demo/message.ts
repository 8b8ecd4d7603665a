/** From the description of an answer to the message the API would send: limits applied, ids and usage filled in. */
import { randomUUID } from 'node:crypto';
import type { AnswerMessage, StopReason, Usage } from '../turn/turn.ts';
import type { DemoAnswer, DemoBlock, DemoRequestBody } from './answer.ts';

/** A block with its content cut into the pieces that are streamed; one piece counts as one token. */
export interface PiecedBlock {
  readonly block: AnswerMessage['content'][number];
  readonly pieces: readonly string[];
}

export interface DemoResult {
  readonly message: AnswerMessage;
  readonly blocks: readonly PiecedBlock[];
}

export const toMessage = (answer: DemoAnswer, body: DemoRequestBody, input: InputTokens): DemoResult => {
  const content = answer.content ?? [];
  const stopped = atStopSequence(content, body.stop_sequences ?? []);
  const limited = atTokenLimit(stopped.content, body.max_tokens);
  const stopReason = limited.cut ? 'max_tokens' : stopped.sequence === null ? reasonOf(answer) : 'stop_sequence';
  const blocks = limited.pieces.map(({ block, pieces }) => ({
    block: finished(block, pieces, body),
    pieces: visible(block, pieces, body),
  }));
  const outputTokens = limited.pieces.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const message: AnswerMessage = {
    id: makeId('msg'),
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: blocks.map(({ block }) => block),
    stop_reason: stopReason,
    stop_sequence: limited.cut ? null : stopped.sequence,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...usageOf(input, Math.max(1, outputTokens)), ...answer.usage },
  };
  return { message, blocks };
};

/** `req_`, `msg_`, `toolu_` and 24 hexadecimal digits. */
export const makeId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

export interface InputTokens {
  readonly uncached: number;
  readonly cacheRead: number;
  readonly cacheCreation: number;
}

const usageOf = (input: InputTokens, outputTokens: number): Usage => ({
  input_tokens: input.uncached,
  cache_creation_input_tokens: input.cacheCreation,
  cache_read_input_tokens: input.cacheRead,
  cache_creation: { ephemeral_5m_input_tokens: input.cacheCreation, ephemeral_1h_input_tokens: 0 },
  output_tokens: outputTokens,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: 'standard',
  inference_geo: null,
  speed: null,
});

const reasonOf = ({ stopReason, content = [] }: DemoAnswer): StopReason =>
  stopReason ?? (content.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn');

/** The answer up to the first stop sequence in its text; what follows is never said. */
const atStopSequence = (
  content: readonly DemoBlock[],
  sequences: readonly string[],
): { content: readonly DemoBlock[]; sequence: string | null } => {
  for (const [index, block] of content.entries()) {
    if (block.type !== 'text') continue;
    const hits = sequences
      .map((sequence) => ({ sequence, at: block.text.indexOf(sequence) }))
      .filter(({ at }) => at !== -1);
    const first = hits.sort((a, b) => a.at - b.at)[0];
    if (first === undefined) continue;
    const kept = block.text.slice(0, first.at);
    return {
      content: [...content.slice(0, index), ...(kept === '' ? [] : [{ ...block, text: kept }])],
      sequence: first.sequence,
    };
  }
  return { content, sequence: null };
};

interface Pieces {
  readonly block: DemoBlock;
  readonly pieces: readonly string[];
}

const atTokenLimit = (content: readonly DemoBlock[], limit: number): { pieces: readonly Pieces[]; cut: boolean } => {
  const all: Pieces[] = [];
  let left = limit;
  for (const block of content) {
    const pieces = piecesOf(block);
    if (pieces.length > left)
      return { pieces: left === 0 ? all : [...all, { block, pieces: pieces.slice(0, left) }], cut: true };
    all.push({ block, pieces });
    left -= pieces.length;
  }
  return { pieces: all, cut: false };
};

/** Words for text and thinking; 16 characters a piece for the JSON of a tool's input. */
const piecesOf = (block: DemoBlock): readonly string[] => {
  if (block.type === 'web_search_tool_result' || block.type === 'code_execution_tool_result') return [];
  if (block.type === 'tool_use' || block.type === 'server_tool_use')
    return JSON.stringify(block.input).match(/[\s\S]{1,16}/gu) ?? [];
  const text = block.type === 'text' ? block.text : block.thinking;
  return text.match(/\s*\S+|\s+$/g) ?? [];
};

/** Thinking that the caller asked to omit is counted but not shown. */
const visible = (block: DemoBlock, pieces: readonly string[], body: DemoRequestBody): readonly string[] =>
  block.type === 'thinking' && body.thinking?.display === 'omitted' ? [] : pieces;

const finished = (
  block: DemoBlock,
  pieces: readonly string[],
  body: DemoRequestBody,
): AnswerMessage['content'][number] => {
  const text = visible(block, pieces, body).join('');
  if (block.type === 'text')
    return { type: 'text', text, citations: block.citations === undefined ? null : [...block.citations] };
  if (block.type === 'thinking')
    return { type: 'thinking', thinking: text, signature: block.signature ?? `demo-signature-${pieces.length}` };
  if (block.type === 'code_execution_tool_result') return block;
  if (block.type !== 'tool_use') return { ...block, caller: { type: 'direct' } };
  return {
    type: 'tool_use',
    id: block.id ?? makeId('toolu'),
    name: block.name,
    input: block.input,
    caller: { type: 'direct' },
  };
};
