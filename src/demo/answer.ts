/** How a demo answer is described, by a script, a queue or the directives of a user. */
import type Anthropic from '@anthropic-ai/sdk';
import type { StopReason, Usage } from '../turn/turn.ts';

type TextCitation = Anthropic.TextCitation;

export type DemoBlock =
  | { readonly type: 'text'; readonly text: string; readonly citations?: readonly TextCitation[] }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature?: string }
  | { readonly type: 'tool_use'; readonly name: string; readonly input: unknown; readonly id?: string }
  /** A search of the API's own, and what it found: `web_search_result` blocks, or an error. Programs likewise. */
  | {
      readonly type: 'server_tool_use';
      readonly name: 'web_search' | 'code_execution';
      readonly input: unknown;
      readonly id: string;
    }
  | {
      readonly type: 'web_search_tool_result';
      readonly tool_use_id: string;
      readonly content: Anthropic.WebSearchToolResultBlockContent;
    }
  | {
      readonly type: 'code_execution_tool_result';
      readonly tool_use_id: string;
      readonly content: Anthropic.CodeExecutionToolResultBlockContent;
    };

/** An HTTP error instead of an answer; `type` and `message` default to what the API says for that status. */
export interface DemoFailure {
  readonly status: number;
  readonly type?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a stream that has begun goes wrong, after so many deltas (default 1). `message` belongs to `error`. */
export interface DemoBreak {
  readonly kind: 'cut' | 'hang' | 'error';
  readonly afterDeltas?: number;
  /** Error type of the `error` event; default `overloaded_error`. */
  readonly errorType?: string;
  readonly message?: string;
}

export interface DemoAnswer {
  readonly content?: readonly DemoBlock[];
  /** Default: `tool_use` when a block calls a tool, else `end_turn`. */
  readonly stopReason?: StopReason;
  /** Overrides single figures of the computed usage. */
  readonly usage?: Partial<Usage>;
  /** Words in one delta, default 1. */
  readonly wordsPerDelta?: number;
  /** Milliseconds before each delta, default 0. */
  readonly delayMs?: number;
  /** Milliseconds before the response headers, default 0. */
  readonly firstByteDelayMs?: number;
  /** Extra response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly failure?: DemoFailure;
  readonly breaks?: DemoBreak;
  /** Never answers, not even with headers. */
  readonly hang?: boolean;
}

/** A Messages request body as it arrived, after validation; only what the demo reads is typed. */
export interface DemoRequestBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly DemoMessage[];
  readonly system?: unknown;
  readonly stream?: boolean;
  readonly tools?: readonly DemoTool[];
  readonly tool_choice?: {
    readonly type: string;
    readonly name?: string;
    readonly disable_parallel_tool_use?: boolean;
  };
  readonly stop_sequences?: readonly string[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly thinking?: { readonly type: string; readonly budget_tokens?: number; readonly display?: string };
  readonly output_config?: {
    readonly effort?: string;
    readonly format?: { readonly type: string; readonly schema?: unknown };
  };
}

export interface DemoMessage {
  readonly role: string;
  readonly content: string | readonly RequestBlock[];
}

export interface RequestBlock {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly [other: string]: unknown;
}

export interface DemoTool {
  readonly name: string;
  readonly type?: string;
  readonly input_schema?: unknown;
}

export const blocksOf = ({ content }: DemoMessage): readonly RequestBlock[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

/** An error the demo answers with; thrown by validation and by unreadable directives. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  readonly failure: DemoFailure;

  constructor(failure: DemoFailure) {
    super(failure.message ?? failure.type ?? String(failure.status));
    this.failure = failure;
  }
}

export const invalid = (message: string): DemoError =>
  new DemoError({ status: 400, type: 'invalid_request_error', message });
