/**
 * The outcome of one request, made once when its body has ended, also for refused requests. The log line, the ledger,
 * the metrics and the events are all made from it, so they agree.
 */
import type { Log } from '../util/log.ts';
import type { ErrorCode } from './errors.ts';
import type { Usage } from './turn.ts';

/**
 * How the conversation was brought to the model: `continue` an open one, `answer` its waiting tool calls, `rewind` it
 * to the common prefix, `fresh` into an emptied process, `resume` a stored one, `start` a process for it, or `direct`
 * to the API.
 */
export type Strategy = 'continue' | 'answer' | 'rewind' | 'fresh' | 'resume' | 'start' | 'direct';

export interface TokenCounts {
  /** Input that was neither read from the cache nor written to it. */
  readonly input: number;
  /** All output, thinking included. */
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  /** The part of `output` that was thinking, where the API reports it. */
  readonly thinking: number;
}

export type Cost =
  /** `list`: the public price; where a plan pays, the hypothetical cost. `managed`: the organisation's own rates. */
  | { readonly usd: number; readonly basis: 'list' | 'managed' }
  /** No request reached the model. */
  | { readonly usd: 0; readonly basis: 'none' }
  /** The price is unknown. It must never be added up as zero. */
  | { readonly usd: 'unknown'; readonly basis: 'unknown' };

export interface RequestError {
  readonly code: ErrorCode;
  /** The field at fault, as a path in the caller's request. */
  readonly param?: string;
  /** The message that the caller got. */
  readonly message: string;
}

/** Of the headers of those names: https://www.w3.org/TR/trace-context/ */
export interface TraceParent {
  readonly traceparent: string;
  readonly tracestate?: string;
}

export const traceParent = (headers: Headers): TraceParent | undefined => {
  const traceparent = headers.get('traceparent')?.trim() ?? '';
  if (!/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/u.test(traceparent)) return undefined;
  const tracestate = headers.get('tracestate') ?? '';
  return { traceparent, ...(tracestate !== '' && tracestate.length <= LONGEST_STATE && { tracestate }) };
};

const LONGEST_STATE = 512;

export interface RequestSummary {
  /** `req_…`, as in `x-request-id`. */
  readonly id: string;
  /** When the request came, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Method and route, `POST /v1/messages`; never the query. */
  readonly endpoint: string;
  /** The dialect's name; absent where no dialect was reached. */
  readonly dialect?: string;
  /** The caller; absent for a request that was not authenticated. `id` is that of a named key. */
  readonly key?: { readonly id?: string; readonly name: string };
  readonly client: ClientInfo;
  /** The caller's trace, where the request belongs to one. */
  readonly trace?: TraceParent;
  /** The model's name in the request, and the id of the model that answered. */
  readonly modelAsked?: string;
  readonly model?: string;
  /** The name is an alias, or is mapped to the model; names that nobody knows are not. */
  readonly mapped?: boolean;
  readonly status: number;
  readonly error?: RequestError;
  readonly tokens: TokenCounts;
  /** Searches that ran at the API; they are billed in addition to the tokens. */
  readonly webSearches: number;
  readonly cost: Cost;
  /** Time in the queue; 0 where the request did not reach it. */
  readonly queueMs: number;
  /** From the request to the first event that shows part of the answer. */
  readonly firstTokenMs?: number;
  readonly durationMs: number;
  readonly strategy?: Strategy;
  readonly stopReason?: string;
  /** Parameters of the caller's that had no effect, and those that were imitated; absent where there were none. */
  readonly ignored?: readonly string[];
  readonly emulated?: readonly string[];
  readonly streamed: boolean;
  /** How often the upstream was asked again. */
  readonly retries: number;
}

/** What the client's headers say about the client. */
export interface ClientInfo {
  /** Its short name, for grouping: `claude-cli`, `opencode`. */
  readonly name?: string;
  readonly userAgent?: string;
  /** The client's own id of the conversation. */
  readonly session?: string;
}

export const noTokens: TokenCounts = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  thinking: 0,
};

/** The API's usage as counts. Cache writes of unknown lifetime count as five-minute ones, the default. */
export const tokenCounts = (usage: Partial<Usage>): TokenCounts => {
  const writes = usage.cache_creation_input_tokens ?? 0;
  const oneHour = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  return {
    input: usage.input_tokens ?? 0,
    output: usage.output_tokens ?? 0,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite5m: usage.cache_creation?.ephemeral_5m_input_tokens ?? Math.max(0, writes - oneHour),
    cacheWrite1h: oneHour,
    thinking: usage.output_tokens_details?.thinking_tokens ?? 0,
  };
};

/** Headers in which clients send their own id of a conversation, most precise first. */
const SESSION_HEADERS = [
  'x-claude-code-session-id',
  'x-session-id',
  'session_id',
  'x-session-affinity',
  'thread-id',
  'conversation_id',
] as const;

/** Reads what the client's headers say about it. All of it is free text from outside and is truncated here. */
export const clientInfo = (headers: Headers): ClientInfo => {
  const userAgent = printableStart(headers.get('user-agent'));
  const name = printableStart(headers.get('x-title')) ?? productOf(userAgent);
  const session = SESSION_HEADERS.map((header) => printableStart(headers.get(header))).find(Boolean);
  return {
    ...(name !== undefined && { name }),
    ...(userAgent !== undefined && { userAgent }),
    ...(session !== undefined && { session }),
  };
};

const LONGEST_HEADER = 200;

const printableStart = (value: string | null): string | undefined => {
  const text = (value ?? '').replaceAll(/[^\x20-\x7e]/gu, '').trim();
  return text === '' ? undefined : text.slice(0, LONGEST_HEADER);
};

/** The first product of a user agent without its version: `claude-cli/2.1.9 (external, cli)` → `claude-cli`. */
const productOf = (userAgent: string | undefined): string | undefined =>
  userAgent === undefined ? undefined : /^[^/\s(]+/u.exec(userAgent)?.[0];

/** The bodies of a request, where the owner keeps them (LOG_CONTENT). */
export interface RequestContent {
  readonly request?: string;
  readonly response?: string;
}

export type SummaryListener = (summary: RequestSummary, content?: RequestContent) => void;

/** One listener that calls every listener. A listener that throws affects neither the request nor the others. */
export const announceTo =
  (listeners: readonly SummaryListener[], log: Pick<Log, 'error'>): SummaryListener =>
  (summary, content) => {
    for (const listener of listeners) {
      try {
        listener(summary, content);
      } catch (error) {
        log.error({ id: summary.id, err: error }, 'a listener of request summaries failed');
      }
    }
  };
