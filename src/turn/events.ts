/**
 * What happens while a turn runs: the stream events of the Messages API, unchanged, and beside
 * them notices of this server that are rendered as keepalives or headers, never as content.
 */
import type Anthropic from '@anthropic-ai/sdk';
import type { Cost, Strategy } from './request-summary.ts';

/** https://docs.anthropic.com/en/api/messages-streaming: message_start … message_stop. */
export type StreamEvent = Anthropic.RawMessageStreamEvent;

/** The upstream's report about the account's limits; times are Unix seconds, `utilization` is 0 to 1. */
export interface RateLimit {
  readonly status: 'allowed' | 'allowed_warning' | 'rejected';
  /** `five_hour`, `seven_day`, …: the window's name as Claude Code reports it. */
  readonly window?: string;
  readonly utilization?: number;
  readonly resetsAt?: number;
}

export type Notice =
  /** The upstream is asked again; the answer is only late. `status` is null for a lost connection. */
  | { readonly kind: 'retry'; readonly attempt: number; readonly delayMs: number; readonly status: number | null }
  | { readonly kind: 'rate_limit'; readonly limit: RateLimit }
  /** How the conversation was brought to the model. */
  | {
      readonly kind: 'strategy';
      readonly strategy: Strategy;
      /** Parameters, by canonical name, that this strategy emulates. */
      readonly adjusted?: readonly string[];
      /** Parameters that this strategy cannot carry. */
      readonly ignored?: readonly string[];
    }
  /** How long the turn waited in the queue. */
  | { readonly kind: 'queue'; readonly waitedMs: number }
  /**
   * The turn's cost, where the engine reports it: known a moment after the answer, which must not wait for it.
   * Undefined: the engine does not know it after all. Never rejects.
   */
  | { readonly kind: 'cost'; readonly cost: Promise<Cost | undefined> }
  /** Response headers of the upstream that matter to a caller (`anthropic-ratelimit-*`, `request-id`). */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> };

export type TurnEvent = StreamEvent | { readonly type: 'ping' } | { readonly type: 'notice'; readonly notice: Notice };

export const isStreamEvent = (event: TurnEvent): event is StreamEvent =>
  event.type !== 'ping' && event.type !== 'notice';
