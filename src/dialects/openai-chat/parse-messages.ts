/**
 * OpenAI messages to a conversation of the Messages API. Leading system messages become `system`, later ones
 * stay where they are if the API takes them there. All results of one step go into one user message, directly after the calls.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../turn/errors.ts';
import type { Message } from '../../turn/turn.ts';
import type { Report } from '../parameters.ts';
import { parseArguments, placeSystem, type Conversation } from '../openai/conversation.ts';
import { written } from '../callers-field.ts';
import { nativeToolId, shortHash } from '../tool-ids.ts';
import { textBlocks } from '../openai/content.ts';
import { resultContent, systemBlocks, userBlocks } from './parse-content.ts';
import type { ChatMessage } from './wire.ts';

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;
type ToolMessage = Extract<ChatMessage, { role: 'tool' | 'function' }>;

/** `takesSystem`: model and engine take a system message in mid-conversation, where the API allows one. */
export const parseMessages = (
  messages: readonly ChatMessage[],
  { takesSystem }: { takesSystem: boolean },
  report: Report,
): Conversation => {
  const walk = new Walk();
  for (const [index, message] of messages.entries()) walk.add(message, index);
  walk.close(messages.length);
  return placeSystem(walk, { takesSystem, field: 'messages', emulated: () => report.emulate('messages') });
};

/** A call whose result has not been seen yet. */
interface OpenCall {
  /** How the client names it: its `tool_call_id`, or the function's name in the legacy form. */
  readonly clientId: string;
  readonly id: string;
}

class Walk {
  readonly system: Anthropic.TextBlockParam[] = [];
  readonly messages: Message[] = [];
  readonly #timesUsed = new Map<string, number>();
  #open: OpenCall[] = [];
  #results: Anthropic.ToolResultBlockParam[] | undefined;

  add(message: ChatMessage, index: number): void {
    if (message.role === 'tool' || message.role === 'function') {
      this.#addResult(message, index);
      return;
    }
    this.close(index);
    switch (message.role) {
      case 'system':
      case 'developer':
        this.#addSystem(systemBlocks(message.content, ['messages', index, 'content']));
        return;
      case 'user':
        this.#push('user', userBlocks(message.content, ['messages', index, 'content']));
        return;
      case 'assistant':
        this.#push('assistant', this.#assistantBlocks(message, index));
        return;
      default:
        message satisfies never;
    }
  }

  /** Before anything but a result, and at the end: every call must have been answered. */
  close(index: number): void {
    if (this.#open.length > 0) {
      const names = this.#open.map((call) => call.clientId).join(', ');
      throw new TurnError(
        'invalid_request',
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. Without a response: ${names}`,
        { param: `messages[${index - 1}]` },
      );
    }
    this.#results = undefined;
  }

  #addSystem(blocks: Anthropic.TextBlockParam[]): void {
    if (this.messages.length === 0) this.system.push(...blocks);
    else if (blocks.length > 0) this.messages.push({ role: 'system', content: blocks });
  }

  #push(role: 'user' | 'assistant', content: Anthropic.ContentBlockParam[]): void {
    if (content.length > 0) this.messages.push({ role, content });
  }

  #addResult(message: ToolMessage, index: number): void {
    const clientId = message.role === 'tool' ? message.tool_call_id : message.name;
    const place = this.#open.findIndex((call) => call.clientId === clientId);
    const [call] = place === -1 ? [] : this.#open.splice(place, 1);
    if (call === undefined) {
      throw new TurnError(
        'invalid_request',
        `Messages with role '${message.role}' must be a response to a preceding assistant message with a call of that ${message.role === 'tool' ? 'id' : 'name'}.`,
        { param: `messages[${index}].${message.role === 'tool' ? 'tool_call_id' : 'name'}` },
      );
    }
    const content = resultContent(message.content, ['messages', index, 'content']);
    if (this.#results === undefined) {
      this.#results = [];
      this.messages.push({ role: 'user', content: this.#results });
    }
    const result = {
      type: 'tool_result',
      tool_use_id: call.id,
      ...(content === undefined ? {} : { content }),
    } as const;
    this.#results.push(written(result, ['messages', index]));
  }

  #assistantBlocks(message: AssistantMessage, index: number): Anthropic.ContentBlockParam[] {
    const path = ['messages', index] as const;
    const said = textBlocks([...saidBy(message.content), message.refusal ?? '']).map((block) => written(block, path));
    const calls = (message.tool_calls ?? []).map((call, place) =>
      this.#call(call.id, { ...call.function, argumentsPath: [...path, 'tool_calls', place, 'function', 'arguments'] }),
    );
    const legacy = message.function_call;
    if (legacy !== null && legacy !== undefined) {
      calls.push(
        this.#call(legacy.name, {
          ...legacy,
          argumentsPath: [...path, 'function_call', 'arguments'],
          idSeed: `${legacy.name} ${legacy.arguments}`,
        }),
      );
    }
    return [...said, ...calls];
  }

  #call(
    clientId: string,
    { name, arguments: json, argumentsPath, idSeed }: CalledFunction,
  ): Anthropic.ToolUseBlockParam {
    const base = idSeed === undefined ? nativeToolId(clientId) : `call_${shortHash(idSeed)}`;
    const id = this.#unused(base);
    this.#open.push({ clientId, id });
    const block = { type: 'tool_use', id, name, input: parseArguments(json, argumentsPath) } as const;
    return written(block, idSeed === undefined ? argumentsPath.slice(0, -2) : argumentsPath.slice(0, -1));
  }

  /** The API wants every id once; some clients count from `call_1` in each step. The n-th use is named for n. */
  #unused(id: string): string {
    const times = (this.#timesUsed.get(id) ?? 0) + 1;
    this.#timesUsed.set(id, times);
    return times === 1 ? id : `${id}_${times}`;
  }
}

interface CalledFunction {
  readonly name: string;
  readonly arguments: string;
  readonly argumentsPath: readonly (string | number)[];
  readonly idSeed?: string;
}

const saidBy = (content: AssistantMessage['content']): readonly string[] => {
  if (typeof content === 'string') return [content];
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : part.refusal));
};
