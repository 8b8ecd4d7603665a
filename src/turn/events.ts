/**
 * What happens while a turn runs: the stream events of the Messages API, unchanged, and beside
 * them notices of this server that are rendered as keepalives or headers, never as content.
 */
import type Anthropic from '@anthropic-ai/sdk';
import type { Cost, Strategy } from './request-summary.ts';

/** https://docs.anthropic.com/en/api/messages-streaming: message_start … message_stop. */
export type StreamEvent = Anthropic.RawMessageStreamEvent;

/** What the upstream said about the account's limits; times are Unix seconds, `utilization` is 0 to 1. */
export interface RateLimit {
  readonly status: 'allowed' | 'allowed_warning' | 'rejected';
  /** `five_hour`, `seven_day`, …: the window's name as Claude Code reports it. */
  readonly window?: string;
  readonly utilization?: number;
  readonly resetsAt?: number;
}

export type Notice =
  /** The upstream is being asked again; the answer is only late. `status` is null for a lost connection. */
  | { readonly kind: 'retry'; readonly attempt: number; readonly delayMs: number; readonly status: number | null }
  | { readonly kind: 'rate_limit'; readonly limit: RateLimit }
  /** How the conversation got into the model. */
  | {
      readonly kind: 'strategy';
      readonly strategy: Strategy;
      /** Parameters, by their canonical name, that this strategy carries in another way than asked. */
      readonly adjusted?: readonly string[];
      /** Those that it cannot carry at all. */
      readonly ignored?: readonly string[];
    }
  /** The time that the turn waited for its slot. */
  | { readonly kind: 'queue'; readonly waitedMs: number }
  /** What the turn cost, where the engine is told. */
  | { readonly kind: 'cost'; readonly cost: Cost }
  /** Response headers of the upstream that matter to a caller (`anthropic-ratelimit-*`, `request-id`). */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> };

export type TurnEvent = StreamEvent | { readonly type: 'ping' } | { readonly type: 'notice'; readonly notice: Notice };

export const isStreamEvent = (event: TurnEvent): event is StreamEvent =>
  event.type !== 'ping' && event.type !== 'notice';
