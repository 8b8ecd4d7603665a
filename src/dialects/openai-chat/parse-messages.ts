/**
 * OpenAI messages to a conversation of the Messages API. Leading system messages become `system`, later ones
 * stay where they are if the API takes them there. All results of one step go into one user message, directly after the calls.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../turn/errors.ts';
import type { Message } from '../../turn/turn.ts';
import type { Report } from '../parameters.ts';
import { parseArguments, placeSystem, type Conversation } from '../openai/conversation.ts';
import { written, type Places } from '../callers-field.ts';
import { nativeToolId, shortHash } from '../tool-ids.ts';
import { textBlocks, type Path } from '../openai/content.ts';
import { resultContent, systemBlocks, userBlocks } from './parse-content.ts';
import type { ChatMessage } from './wire.ts';

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;
type ToolMessage = Extract<ChatMessage, { role: 'tool' | 'function' }>;

/** `takesSystem`: model and engine take a system message in mid-conversation, where the API allows one. */
export const parseMessages = (
  messages: readonly ChatMessage[],
  { takesSystem, places }: { readonly takesSystem: boolean; readonly places?: Places },
  report: Report,
): Conversation => {
  const walk = new Walk(places);
  for (const [index, message] of messages.entries()) walk.add(message, index);
  walk.close(messages.length);
  return placeSystem(walk, { takesSystem, field: 'messages', emulated: () => report.emulate('messages') });
};

class Walk {
  readonly system: Anthropic.TextBlockParam[] = [];
  readonly messages: Message[] = [];
  readonly #places: Places | undefined;
  readonly #timesUsed = new Map<string, number>();
  /**
   * Ids of the calls whose results have not been seen yet, by the client's name for them: its `tool_call_id`, or the
   * function's name in the legacy form.
   */
  readonly #open = new Map<string, string[]>();
  #results: Anthropic.ToolResultBlockParam[] | undefined;

  constructor(places: Places | undefined) {
    this.#places = places;
  }

  add(message: ChatMessage, index: number): void {
    if (message.role === 'tool' || message.role === 'function') {
      this.#addResult(message, index);
      return;
    }
    this.close(index);
    switch (message.role) {
      case 'system':
      case 'developer':
        this.#addSystem(systemBlocks(message.content, this.#at(index)));
        return;
      case 'user':
        this.#push('user', userBlocks(message.content, this.#at(index)));
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
    if (this.#open.size > 0) {
      const names = [...this.#open.keys()].slice(0, 10).join(', ');
      throw new TurnError(
        'invalid_request',
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. Without a response: ${names}`,
        { param: `messages[${index - 1}]` },
      );
    }
    this.#results = undefined;
  }

  #at(index: number): { path: Path; places: Places | undefined } {
    return { path: ['messages', index, 'content'], places: this.#places };
  }

  #addSystem(blocks: readonly Anthropic.TextBlockParam[]): void {
    if (this.messages.length === 0) for (const block of blocks) this.system.push(block);
    else if (blocks.length > 0) this.messages.push({ role: 'system', content: [...blocks] });
  }

  #push(role: 'user' | 'assistant', content: readonly Anthropic.ContentBlockParam[]): void {
    if (content.length > 0) this.messages.push({ role, content: [...content] });
  }

  #addResult(message: ToolMessage, index: number): void {
    const clientId = message.role === 'tool' ? message.tool_call_id : message.name;
    const id = this.#takeCall(clientId);
    if (id === undefined) {
      throw new TurnError(
        'invalid_request',
        `Messages with role '${message.role}' must be a response to a preceding assistant message with a call of that ${message.role === 'tool' ? 'id' : 'name'}.`,
        { param: `messages[${index}].${message.role === 'tool' ? 'tool_call_id' : 'name'}` },
      );
    }
    const content = resultContent(message.content, this.#at(index));
    if (this.#results === undefined) {
      this.#results = [];
      this.messages.push({ role: 'user', content: this.#results });
    }
    const result = {
      type: 'tool_result',
      tool_use_id: id,
      ...(content === undefined ? {} : { content }),
    } as const;
    written([result], ['messages', index], this.#places);
    this.#results.push(result);
  }

  #assistantBlocks(message: AssistantMessage, index: number): Anthropic.ContentBlockParam[] {
    const path = ['messages', index] as const;
    const said = written(textBlocks([...saidBy(message.content), message.refusal ?? '']), path, this.#places);
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
    const waiting = this.#open.get(clientId);
    if (waiting === undefined) this.#open.set(clientId, [id]);
    else waiting.push(id);
    const block = { type: 'tool_use', id, name, input: parseArguments(json, argumentsPath) } as const;
    written([block], argumentsPath.slice(0, idSeed === undefined ? -2 : -1), this.#places);
    return block;
  }

  #takeCall(clientId: string): string | undefined {
    const waiting = this.#open.get(clientId);
    const id = waiting?.shift();
    if (waiting?.length === 0) this.#open.delete(clientId);
    return id;
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
