/** An answer as a `chat.completion` object. */
import { brokenText } from '../../turn/broken-input.ts';
import { TurnError } from '../../turn/errors.ts';
import type { AnswerMessage } from '../../turn/turn.ts';
import type { ParsedRequest } from '../dialect.ts';
import type { ChatAnswer } from './answer.ts';
import { citationsOf, type UrlCitation } from './web-search.ts';
import { textOfInput } from '../openai/custom-tools.ts';
import { envelope, finishReason, refusalText, renderUsage, serviceTier } from '../openai/usage.ts';

/** Throws `upstream_error` where a schema was to be kept and a finished answer is not even JSON. */
export const render = (message: AnswerMessage, { answer }: ParsedRequest<ChatAnswer>): object => {
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  if (answer.json && message.stop_reason === 'end_turn' && !isJson(text)) {
    throw new TurnError(
      'upstream_error',
      'The model answered with something other than the JSON that response_format asks for.',
    );
  }
  return {
    object: 'chat.completion',
    ...envelope(message, answer.created),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          ...contentAndRefusal(message, text),
          ...cited(message),
          ...thought(message, answer),
          ...called(message, answer),
        },
        logprobs: null,
        finish_reason: finishReason(message.stop_reason, answer.legacyFunctions),
      },
    ],
    usage: renderUsage(message.usage),
    ...serviceTier(message.usage),
  };
};

const contentAndRefusal = (
  message: AnswerMessage,
  text: string,
): { content: string | null; refusal: string | null } => {
  const calls = message.content.some((block) => block.type === 'tool_use');
  const refusal = refusalText(message);
  return { content: text === '' && (calls || refusal !== null) ? null : text, refusal };
};

const cited = ({ content }: AnswerMessage): { annotations?: readonly UrlCitation[] } => {
  let start = 0;
  const annotations = content.flatMap((block) => {
    if (block.type !== 'text') return [];
    const here = citationsOf(block, start);
    start += block.text.length;
    return here;
  });
  return annotations.length === 0 ? {} : { annotations };
};

const thought = (message: AnswerMessage, answer: ChatAnswer): { reasoning_content?: string } => {
  const text = message.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('');
  return text === '' || !answer.reasoning ? {} : { reasoning_content: text };
};

const called = (message: AnswerMessage, { legacyFunctions, origin }: ChatAnswer): object => {
  const calls = message.content.filter((block) => block.type === 'tool_use');
  const [first] = calls;
  if (first === undefined) return {};
  if (legacyFunctions) return { function_call: { name: first.name, arguments: argumentsOf(first.input) } };
  return {
    tool_calls: calls.map(({ id, name, input }) => {
      const { kind, ...named } = origin(name);
      return kind === 'custom'
        ? { id, type: 'custom', custom: { ...named, input: textOfInput(input) } }
        : { id, type: 'function', function: { ...named, arguments: argumentsOf(input) } };
    }),
  };
};

/** The fold keeps an input that was cut off by max_tokens as raw text; it is returned as such. */
const argumentsOf = (input: unknown): string => brokenText(input) ?? JSON.stringify(input);

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
