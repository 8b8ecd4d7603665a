/** Adapts a conversation that was written for OpenAI's APIs, so that Claude can continue it. */
import type Anthropic from '@anthropic-ai/sdk';
import { brokenInput, brokenText } from '../../turn/broken-input.ts';
import { TurnError } from '../../turn/errors.ts';
import type { ContentBlock, Message } from '../../turn/turn.ts';
import { mayStay, nowhere, placeSystemMessages } from '../system-messages.ts';
import { invalid } from '../validate.ts';

export interface Conversation {
  readonly system: readonly Anthropic.TextBlockParam[];
  readonly messages: readonly Message[];
}

interface Placing {
  /** Model and engine take a system message in mid-conversation, where the API allows one. */
  readonly takesSystem: boolean;
  /** The caller's field that holds the messages. */
  readonly field: string;
  /** Called where a message cannot be sent to the model unchanged. */
  readonly emulated: () => void;
}

/** System messages where the model takes them, and at least one message to answer. */
export const placeSystem = (
  { system, messages }: Conversation,
  { takesSystem, field, emulated }: Placing,
): Conversation => {
  if (messages.length === 0) return onlySystem(system, { field, emulated });
  const placed = placeSystemMessages(messages, takesSystem ? mayStay : nowhere);
  if (placed.reminded) emulated();
  return { system, messages: placed.messages };
};

/** Claude needs a message to answer; OpenAI does not, so some callers put everything into a system message. */
const onlySystem = (
  system: Conversation['system'],
  { field, emulated }: Pick<Placing, 'field' | 'emulated'>,
): Conversation => {
  const last = system.at(-1);
  if (last === undefined) throw invalid('openai', [field], 'at least one message must have content.');
  emulated();
  return { system: system.slice(0, -1), messages: [{ role: 'user', content: [last] }] };
};

interface End {
  /** Why model or engine cannot continue an assistant message; undefined where they can. */
  readonly refusal: string | undefined;
  /** The path of the caller's last message, for the error. */
  readonly param: string;
  readonly emulated: () => void;
}

/**
 * OpenAI answers an assistant message with another one; Claude continues it, where it can, and its end must not be
 * white space.
 */
export const fitEnd = (conversation: Conversation, { refusal, param, emulated }: End): Conversation => {
  const { system, messages } = conversation;
  const end = messages.at(-1);
  if (end?.role !== 'assistant') return conversation;
  if (refusal !== undefined) throw new TurnError('invalid_request', refusal, { param });
  emulated();
  return { system, messages: [...messages.slice(0, -1), { ...end, content: trimmedEnd(end.content) }] };
};

const trimmedEnd = (content: string | ContentBlock[]): string | ContentBlock[] => {
  if (typeof content === 'string') return content.trimEnd();
  const last = content.at(-1);
  return last?.type === 'text' ? [...content.slice(0, -1), { ...last, text: last.text.trimEnd() }] : content;
};

/** Whether the last item is a tool result. */
export const endsInResults = ({ messages }: Conversation): boolean => {
  const last = messages.findLast(({ role }) => role !== 'system');
  return (
    last?.role === 'user' && Array.isArray(last.content) && last.content.some((block) => block.type === 'tool_result')
  );
};

/**
 * The arguments of a call: a JSON object as a string, which some clients leave empty. Any other text is kept as it is:
 * an answer that was cut at its limit ends so, and its conversation must be able to go on.
 */
export const parseArguments = (json: string): object => {
  if (json.trim() === '') return {};
  const input = parseJson(json);
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : brokenInput(json);
};

/** Whether a call has arguments that are no JSON object. */
export const hasBrokenCall = (messages: readonly Message[]): boolean =>
  messages.some(
    ({ content }) =>
      Array.isArray(content) &&
      content.some((block) => block.type === 'tool_use' && brokenText(block.input) !== undefined),
  );

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};
