/**
 * Converts OpenAI messages to Messages API messages. Leading system messages become `system`; later ones stay where
 * they are if the API takes them there. All results of one step go into one user message, directly after the calls.
 * Blocks of the Messages API and items of the Responses API may stand between and inside the messages.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../turn/errors.ts';
import type { Message } from '../../turn/turn.ts';
import type { Report } from '../parameters.ts';
import { customInput } from '../openai/custom-tools.ts';
import { pathText } from '../validate.ts';
import { hasBrokenCall, parseArguments, placeSystem, type Conversation } from '../openai/conversation.ts';
import { written, type BlockPaths } from '../callers-field.ts';
import { nativeToolId, shortHash, UniqueIds } from '../tool-ids.ts';
import { textBlocks, type Path } from '../openai/content.ts';
import { resultContent, systemBlocks, userBlocks, userParts } from './parse-content.ts';
import type { ChatMessage, ChatRequest, ToolCall } from './wire.ts';

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;
type ToolMessage = Extract<ChatMessage, { role: 'tool' | 'function' }>;
type CallItem = Extract<ChatMessage, { role: '~call' }>;

/** `takesSystem`: model and engine take a system message in mid-conversation, where the API allows one. */
export const parseMessages = (
  { messages, system }: Pick<ChatRequest, 'messages' | 'system'>,
  { takesSystem, blockPaths }: { readonly takesSystem: boolean; readonly blockPaths?: BlockPaths },
  report: Report,
): Conversation => {
  const walk = new Walk(blockPaths);
  walk.system.push(...systemBlocks(system ?? null, { path: ['system'], blockPaths }));
  for (const [index, message] of messages.entries()) walk.add(message, index);
  walk.close(messages.length);
  if (walk.leftOut) report.ignore('messages[].type');
  if (hasBrokenCall(walk.messages)) report.emulate('messages[].tool_calls');
  return placeSystem(walk, { takesSystem, field: 'messages', emulated: () => report.emulate('messages') });
};

class Walk {
  readonly system: Anthropic.TextBlockParam[] = [];
  readonly messages: Message[] = [];
  /** An item was left out that means nothing here, such as another model's reasoning. */
  leftOut = false;
  readonly #blockPaths: BlockPaths | undefined;
  readonly #ids = new UniqueIds();
  /**
   * Ids of the calls whose results have not been seen yet, by the client's name for them: its `tool_call_id`, or the
   * function's name in the legacy form.
   */
  readonly #open = new Map<string, string[]>();
  /** The message that brings the results of this step. */
  #results: Anthropic.ContentBlockParam[] | undefined;
  /** The assistant message that is being read, until another message begins. */
  #step: Anthropic.ContentBlockParam[] | undefined;

  constructor(blockPaths: BlockPaths | undefined) {
    this.#blockPaths = blockPaths;
  }

  add(message: ChatMessage, index: number): void {
    switch (message.role) {
      case 'tool':
      case 'function':
        this.#addToolMessage(message, index);
        return;
      case '~output':
        this.#addResult(message.call_id, resultContent(message.output, this.#at(index, 'output')), {
          at: ['messages', index],
          idField: 'call_id',
          role: 'tool',
        });
        return;
      case '~call':
        this.#addCallItem(message, index);
        return;
      case '~other':
        this.leftOut = true;
        return;
      case 'system':
      case 'developer':
        this.close(index);
        this.#addSystem(systemBlocks(message.content, this.#at(index)));
        return;
      case 'user':
        this.#addUser(message, index);
        return;
      case 'assistant':
        this.close(index);
        this.#step = this.#assistantBlocks(message, index);
        if (this.#step.length > 0) this.messages.push({ role: 'assistant', content: this.#step });
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
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each ` +
          `'tool_call_id'. Without a response: ${names}`,
        { param: `messages[${index - 1}]` },
      );
    }
    this.#results = undefined;
    this.#step = undefined;
  }

  #at(index: number, field = 'content'): { path: Path; blockPaths: BlockPaths | undefined } {
    return { path: ['messages', index, field], blockPaths: this.#blockPaths };
  }

  #addSystem(blocks: readonly Anthropic.TextBlockParam[]): void {
    if (this.messages.length === 0) for (const block of blocks) this.system.push(block);
    else if (blocks.length > 0) this.messages.push({ role: 'system', content: [...blocks] });
  }

  /** Results of calls may come as blocks, before the user's text or alone. */
  #addUser({ content }: UserMessage, index: number): void {
    const at = this.#at(index);
    const parts = typeof content === 'string' || content === null ? [] : content;
    for (const [position, part] of parts.entries()) {
      if (part.type !== 'tool_result') continue;
      const path = [...at.path, position];
      const result = resultContent(part.content, { path: [...path, 'content'], blockPaths: this.#blockPaths });
      const isError = part.is_error === true;
      this.#addResult(part.tool_use_id, result, { at: path, idField: 'tool_use_id', role: 'tool', isError });
    }
    const userContent = parts.length === 0 ? userBlocks(content as string | null, at) : userParts(parts, at);
    if (userContent.length === 0 && this.#results !== undefined) return;
    const results = parts.some(({ type }) => type === 'tool_result') ? this.#results : undefined;
    this.close(results === undefined ? index : index + 1);
    if (results !== undefined) results.push(...userContent);
    else if (userContent.length > 0) this.messages.push({ role: 'user', content: [...userContent] });
  }

  #addToolMessage(message: ToolMessage, index: number): void {
    const content = resultContent(message.content, this.#at(index));
    const [clientId, idField] =
      message.role === 'tool' ? ([message.tool_call_id, 'tool_call_id'] as const) : ([message.name, 'name'] as const);
    this.#addResult(clientId, content, { at: ['messages', index], idField, role: message.role });
  }

  #addResult(clientId: string, content: ResultContent, { at, idField, role, isError }: ResultOrigin): void {
    const id = this.#takeCall(clientId);
    if (id === undefined) {
      throw new TurnError(
        'invalid_request',
        `Messages with role '${role}' must be a response to a preceding assistant message with a call of that ` +
          `${role === 'tool' ? 'id' : 'name'}.`,
        { param: pathText('openai', [...at, idField]) },
      );
    }
    if (this.#results === undefined) {
      this.#results = [];
      this.messages.push({ role: 'user', content: this.#results });
    }
    const result = {
      type: 'tool_result',
      tool_use_id: id,
      ...(content === undefined ? {} : { content }),
      ...(isError === true && { is_error: true }),
    } as const;
    written([result], at, this.#blockPaths);
    this.#results.push(result);
  }

  /** Consecutive calls, and the assistant's text before them, are one message. */
  #addCallItem(item: CallItem, index: number): void {
    if (this.#results !== undefined || this.#step === undefined || this.#step.length === 0) {
      this.close(index);
      this.#step = [];
      this.messages.push({ role: 'assistant', content: this.#step });
    }
    const at = ['messages', index] as const;
    const input = item.type === 'function_call' ? parseArguments(item.arguments) : customInput(item.input);
    this.#step.push(this.#call(item.call_id, { name: item.name, input, at }));
  }

  #assistantBlocks(message: AssistantMessage, index: number): Anthropic.ContentBlockParam[] {
    const path = ['messages', index] as const;
    const blocks = this.#assistantContent(message, path);
    blocks.push(...written(textBlocks([message.refusal ?? '']), path, this.#blockPaths));
    for (const [position, call] of (message.tool_calls ?? []).entries()) {
      const at = [...path, 'tool_calls', position];
      blocks.push(this.#call(call.id, { ...calledBy(call), at }));
    }
    const legacy = message.function_call;
    if (legacy !== null && legacy !== undefined) {
      const at = [...path, 'function_call'];
      const input = parseArguments(legacy.arguments);
      blocks.push(
        this.#call(legacy.name, { name: legacy.name, input, at, idSeed: `${legacy.name} ${legacy.arguments}` }),
      );
    }
    return blocks;
  }

  /** The thinking has no signature, or it is another model's; Claude needs its own signature back. */
  #assistantContent({ content }: AssistantMessage, path: Path): Anthropic.ContentBlockParam[] {
    if (typeof content === 'string') return [...written(textBlocks([content]), path, this.#blockPaths)];
    return (content ?? []).flatMap((part, position): readonly Anthropic.ContentBlockParam[] => {
      if (part.type === 'tool_use')
        return [this.#call(part.id, { name: part.name, input: part.input, at: [...path, 'content', position] })];
      if (part.type === 'thinking' || part.type === 'redacted_thinking') return [];
      return written(textBlocks([part.type === 'refusal' ? part.refusal : part.text]), path, this.#blockPaths);
    });
  }

  #call(clientId: string, { name, input, at, idSeed }: Called): Anthropic.ToolUseBlockParam {
    const base = idSeed === undefined ? nativeToolId(clientId) : `call_${shortHash(idSeed)}`;
    const id = this.#ids.next(base);
    const waiting = this.#open.get(clientId);
    if (waiting === undefined) this.#open.set(clientId, [id]);
    else waiting.push(id);
    const block = { type: 'tool_use', id, name, input } as const;
    written([block], at, this.#blockPaths);
    return block;
  }

  #takeCall(clientId: string): string | undefined {
    const waiting = this.#open.get(clientId);
    const id = waiting?.shift();
    if (waiting?.length === 0) this.#open.delete(clientId);
    return id;
  }
}

interface Called {
  readonly name: string;
  readonly input: object;
  /** The caller's path of the message. */
  readonly at: Path;
  readonly idSeed?: string;
}

type UserMessage = Extract<ChatMessage, { role: 'user' }>;
type ResultContent = ReturnType<typeof resultContent>;

interface ResultOrigin {
  readonly at: Path;
  readonly idField: string;
  readonly role: ToolMessage['role'];
  readonly isError?: boolean;
}

const calledBy = (call: ToolCall): { readonly name: string; readonly input: object } => {
  if (call.type === 'custom') return { name: call.custom.name, input: customInput(call.custom.input) };
  const { name, arguments: json } = call.function;
  return { name, input: parseArguments(json) };
};
