/** The two ends of a live process: what it is driven by, and who hears what it says. */
import type { Query, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { RateLimit } from '../../../../turn/events.ts';
import type { Exchange } from '../../conversation/exchanges.ts';
import type { Child, End } from '../child/child.ts';

export interface Listener {
  message(message: SDKMessage): void;
  ended(end: End): void;
}

export interface Connection {
  readonly query: Query;
  readonly input: ReadableStreamDefaultController<SDKUserMessage>;
  readonly child: Child;
  /** Called with each word of the API about the account's limits; most come after an answer. */
  readonly limit: (limit: RateLimit) => void;
  /**
   * Time for the process to answer `initialize` or a control call; a healthy one needs 0.1 s, a cold one under load a
   * few.
   */
  readonly controlTimeoutMs: number;
  /** What the process was started with. */
  readonly prompt: string | undefined;
  readonly model: string | undefined;
}

/** As the API sends an answer: of anything less the CLI drops the thinking. */
export const wholeAnswer = (content: Exchange['content'], { id, model }: { id: string; model: string }): object => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model,
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 0, output_tokens: 0 },
});

/** Ids of the calls whose results stand in a user message. */
export const answeredCalls = (content: unknown): readonly string[] =>
  Array.isArray(content)
    ? (content as { type: string; tool_use_id?: string }[]).flatMap(({ type, tool_use_id: id }) =>
        type === 'tool_result' && id !== undefined ? [id] : [],
      )
    : [];
