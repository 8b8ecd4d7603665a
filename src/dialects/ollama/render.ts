/** An answer as one object of Ollama's API, and the parts that it shares with the lines of a stream. */
import { TurnError } from '../../turn/errors.ts';
import type { AnswerMessage, StopReason, Usage } from '../../turn/turn.ts';
import type { AnswerTimes, ParsedRequest } from '../dialect.ts';
import type { OllamaAnswer } from './answer.ts';

/** Throws `upstream_error` where a schema was to be kept and a finished answer is not even JSON. */
export const render = (message: AnswerMessage, { answer }: ParsedRequest<OllamaAnswer>): object => {
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  if (answer.json && message.stop_reason === 'end_turn' && !isJson(text))
    throw new TurnError(
      'upstream_error',
      'The model answered with something other than the JSON that format asks for.',
    );
  const thinking = message.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('');
  const calls = message.content.filter((block) => block.type === 'tool_use');
  const content: Content = {
    text,
    ...(thinking !== '' && { thinking }),
    ...(calls.length > 0 && { calls: calls.map((block, index) => toolCall(block, index)) }),
  };
  return {
    ...head(message.model, answer),
    ...contentMembers(content, answer),
    ...ending(message, { times: answer.times(), usage: message.usage }),
  };
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

export interface Content {
  readonly text: string;
  readonly thinking?: string;
  readonly calls?: readonly object[];
}

export const head = (
  model: string,
  { now }: OllamaAnswer,
): { readonly model: string; readonly created_at: string } => ({
  model,
  created_at: new Date(now()).toISOString(),
});

/** The member that holds the text in each of the two endpoints. */
export const contentMembers = (
  { text, thinking, calls }: Content,
  { endpoint }: Pick<OllamaAnswer, 'endpoint'>,
): object => {
  const thought = thinking === undefined ? {} : { thinking };
  if (endpoint === 'generate') return { response: text, ...thought };
  return { message: { role: 'assistant', content: text, ...thought, ...(calls && { tool_calls: calls }) } };
};

interface Called {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** Clients that send the message back unchanged need its id. */
export const toolCall = ({ id, name, input }: Called, index: number): object => ({
  id,
  function: { index, name, arguments: input ?? {} },
});

interface Ended {
  readonly stop_reason: StopReason | null;
}

interface Figures {
  readonly times: AnswerTimes;
  readonly usage: Usage;
}

/** Durations are in nanoseconds. Nothing is loaded, so loading takes no time. */
export const ending = ({ stop_reason: reason }: Ended, { times, usage }: Figures): object => ({
  done: true,
  done_reason: (reason === null ? undefined : DONE[reason]) ?? 'stop',
  total_duration: nanoseconds(times.totalMs),
  load_duration: 0,
  prompt_eval_count:
    usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
  prompt_eval_duration: nanoseconds(times.untilFirstMs),
  eval_count: usage.output_tokens,
  eval_duration: nanoseconds(times.totalMs - times.untilFirstMs),
});

const DONE: Readonly<Partial<Record<StopReason, string>>> = {
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refusal',
};

const nanoseconds = (ms: number): number => Math.max(0, Math.round(ms * 1_000_000));

/** The answer to a request that does not need the model. */
export const loaded = (model: string, reason: 'load' | 'unload', answer: OllamaAnswer): object => ({
  ...head(model, answer),
  ...contentMembers({ text: '' }, answer),
  done: true,
  done_reason: reason,
});
