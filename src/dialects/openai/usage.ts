/**
 * Usage, finish reasons and tiers in OpenAI's form. Nothing is estimated; what the upstream does not report is left
 * out.
 */
import type { AnswerMessage, StopReason, Usage } from '../../turn/turn.ts';

export interface OpenAiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

/** OpenAI includes cached tokens in the prompt, Anthropic counts them separately. */
export const renderUsage = (usage: Usage): OpenAiUsage => {
  const cached = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  const prompt_tokens = usage.input_tokens + cached + written;
  const thinking = usage.output_tokens_details?.thinking_tokens;
  return {
    prompt_tokens,
    completion_tokens: usage.output_tokens,
    total_tokens: prompt_tokens + usage.output_tokens,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    ...(thinking === undefined ? {} : { completion_tokens_details: { reasoning_tokens: thinking } }),
  };
};

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'function_call' | 'content_filter';

const FINISH: Readonly<Record<StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** An unknown stop reason ends the answer as `stop`. */
export const finishReason = (reason: StopReason | null, legacyFunctions: boolean): FinishReason => {
  const finish = (reason === null ? undefined : FINISH[reason]) ?? 'stop';
  return finish === 'tool_calls' && legacyFunctions ? 'function_call' : finish;
};

/** `priority` and `default` are OpenAI's names of the tiers that the API reports. */
export const serviceTier = (usage: Usage): { service_tier?: string } => {
  const tier = usage.service_tier;
  return tier === null || tier === undefined ? {} : { service_tier: tier === 'standard' ? 'default' : tier };
};

/** The members that an answer and all its chunks share. */
export const envelope = (
  message: Pick<AnswerMessage, 'id' | 'model'>,
  created: number,
): { id: string; created: number; model: string; system_fingerprint: string } => ({
  id: `chatcmpl-${message.id.replace(/^msg_/u, '')}`,
  created,
  model: message.model,
  system_fingerprint: `fp_${message.model}`,
});

/** The refusal in the upstream's text, where it sent one. */
export const refusalText = (message: Pick<AnswerMessage, 'stop_reason' | 'stop_details'>): string | null =>
  message.stop_reason === 'refusal' ? (message.stop_details?.explanation ?? null) : null;
