/** Models, contexts and streams for the tests of the dialects. */
import { apiAbilities } from '../../src/engines/api/abilities.ts';
import { textCipher } from '../../src/util/text-cipher.ts';
import { claudeAbilities } from '../../src/engines/claude/abilities.ts';
import type { ParseContext } from '../../src/dialects/dialect.ts';
import type { Abilities, ResolvedModel } from '../../src/models/model.ts';
import type { StreamEvent } from '../../src/turn/events.ts';
import type { AnswerMessage } from '../../src/turn/turn.ts';
import { TurnError } from '../../src/turn/errors.ts';

/** Thinks by a budget, takes one sampling parameter, continues assistant messages. */
const budgetModel: Abilities = {
  sampling: 'one',
  thinking: 'budget',
  thinkingOff: true,
  effort: [],
  prefill: true,
  maxOutputTokens: 64_000,
  contextTokens: 200_000,
};
/** Thinks by effort, takes no sampling parameters, always thinks. */
export const adaptiveModel: Abilities = {
  sampling: 'none',
  thinking: 'adaptive',
  thinkingOff: false,
  effort: ['low', 'medium', 'high'],
  prefill: false,
  maxOutputTokens: 128_000,
  contextTokens: 1_000_000,
};

interface Options {
  readonly abilities?: Partial<Abilities>;
  readonly base?: Abilities;
  readonly engine?: 'claude-code' | 'anthropic-api';
  readonly betas?: readonly string[];
  readonly via?: ResolvedModel['via'];
}

export const contextOf = ({
  abilities = {},
  base = budgetModel,
  engine = 'claude-code',
  betas = [],
  via = 'exact',
}: Options = {}): ParseContext => ({
  resolveModel: (requested) => {
    if (requested === 'unknown-model') throw new TurnError('model_not_found', 'No such model.', { param: 'model' });
    return { requested, id: 'claude-test-1', family: 'sonnet', via, abilities: { ...base, ...abilities } };
  },
  betas,
  now: 1_700_000_000,
  clock: { now: () => 1_700_000_001_000 },
  times: () => ({ untilFirstMs: 20, totalMs: 50 }),
  requestId: 'req_abc123',
  cipher: textCipher('a secret of this server', 'test'),
  engine: { name: engine, abilities: engine === 'claude-code' ? claudeAbilities : apiAbilities },
});

export const failure = (run: () => unknown): TurnError => {
  try {
    run();
  } catch (error) {
    if (error instanceof TurnError) return error;
    throw error;
  }
  throw new Error('Expected a TurnError; nothing was thrown.');
};

export const usage: AnswerMessage['usage'] = {
  input_tokens: 10,
  output_tokens: 7,
  cache_creation: null,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 20,
  inference_geo: null,
  output_tokens_details: { thinking_tokens: 2 },
  server_tool_use: null,
  service_tier: 'standard',
  speed: null,
};

export const messageOf = (content: AnswerMessage['content'], more: Partial<AnswerMessage> = {}): AnswerMessage => ({
  id: 'msg_01abc',
  type: 'message',
  role: 'assistant',
  model: 'claude-test-1-20260101',
  container: null,
  diagnostics: null,
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  stop_details: null,
  usage,
  ...more,
});

export const textBlock = (text: string): AnswerMessage['content'][number] => ({ type: 'text', text, citations: null });
export const thinkingBlock = (thinking: string): AnswerMessage['content'][number] => ({
  type: 'thinking',
  thinking,
  signature: 'c2ln',
});
export const toolBlock = (id: string, name: string, input: unknown): AnswerMessage['content'][number] => ({
  type: 'tool_use',
  id,
  name,
  input,
  caller: { type: 'direct' },
});

/** Cuts a text into pieces; the default is one piece. */
export type Cut = (text: string) => readonly string[];

/** The events by which the API streams a message. */
export const eventsOf = (message: AnswerMessage, cut: Cut = (text) => (text === '' ? [] : [text])): StreamEvent[] => [
  {
    type: 'message_start',
    message: {
      ...message,
      content: [],
      stop_reason: null,
      stop_details: null,
      stop_sequence: null,
      usage: { ...message.usage, output_tokens: 1, output_tokens_details: null },
    },
  },
  ...message.content.flatMap((block, index) => [
    ...blockEvents(block, index, cut),
    { type: 'content_block_stop' as const, index },
  ]),
  {
    type: 'message_delta',
    delta: {
      container: null,
      stop_details: message.stop_details,
      stop_reason: message.stop_reason,
      stop_sequence: message.stop_sequence,
    },
    usage: {
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      input_tokens: null,
      server_tool_use: null,
      output_tokens: message.usage.output_tokens,
      output_tokens_details: message.usage.output_tokens_details,
    },
  },
  { type: 'message_stop' },
];

const blockEvents = (block: AnswerMessage['content'][number], index: number, cut: Cut): StreamEvent[] => {
  switch (block.type) {
    case 'text':
      return [
        { type: 'content_block_start', index, content_block: { ...block, text: '' } },
        ...cut(block.text).map((text): StreamEvent => ({
          type: 'content_block_delta',
          index,
          delta: { type: 'text_delta', text },
        })),
      ];
    case 'thinking':
      return [
        { type: 'content_block_start', index, content_block: { ...block, thinking: '', signature: '' } },
        ...cut(block.thinking).map((thinking): StreamEvent => ({
          type: 'content_block_delta',
          index,
          delta: { type: 'thinking_delta', thinking },
        })),
        { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: block.signature } },
      ];
    case 'tool_use': {
      const json = Object.keys(block.input as object).length === 0 ? '' : JSON.stringify(block.input);
      return [
        { type: 'content_block_start', index, content_block: { ...block, input: {} } },
        ...['', ...cut(json)].map((partial_json): StreamEvent => ({
          type: 'content_block_delta',
          index,
          delta: { type: 'input_json_delta', partial_json },
        })),
      ];
    }
    default:
      return [{ type: 'content_block_start', index, content_block: block }];
  }
};

export const streamOf = async function* <T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
};

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(items);
