/**
 * Converts Ollama's messages to Messages API messages. Ollama's calls have no ids, or clients drop them: a result
 * belongs to the call that it names, or else to the first call without a result. Clients cut long histories anywhere:
 * assistant messages before the first user message are left out, because a conversation begins with the user.
 */
import type Anthropic from '@anthropic-ai/sdk';
import { TurnError } from '../../turn/errors.ts';
import type { Message } from '../../turn/turn.ts';
import { imageBlock, textBlocks, type Path } from '../openai/content.ts';
import type { Conversation } from '../openai/conversation.ts';
import { nativeToolId, shortHash, UniqueIds } from '../tool-ids.ts';
import { invalid, pathText } from '../validate.ts';
import type { ChatMessage } from './wire.ts';

export const parseMessages = (
  messages: readonly ChatMessage[],
  { cut }: { readonly cut: () => void },
): Conversation => {
  const walk = new Walk();
  const first = messages.findIndex(({ role }) => role === 'user');
  for (const [index, message] of messages.entries()) {
    if (index < first && (message.role === 'assistant' || message.role === 'tool')) cut();
    else walk.add(message, index);
  }
  walk.close(messages.length);
  return walk;
};

interface OpenCall {
  readonly id: string;
  /** The tool's name in the caller's request, where it is known. */
  readonly clientId: string | undefined;
  readonly name: string;
}

class Walk {
  readonly system: Anthropic.TextBlockParam[] = [];
  readonly messages: Message[] = [];
  readonly #ids = new UniqueIds();
  #open: OpenCall[] = [];
  #results: Anthropic.ToolResultBlockParam[] | undefined;

  add(message: ChatMessage, index: number): void {
    if (message.role === 'tool') return this.#addResult(message, index);
    this.close(index);
    const texts = textBlocks([message.content ?? '']);
    const path = ['messages', index] as const;
    if (message.role === 'user') return this.#push('user', [...imagesOf(message.images, path), ...texts]);
    if (message.role === 'assistant') return this.#push('assistant', [...texts, ...this.#calls(message)]);
    if (this.messages.length === 0) this.system.push(...texts);
    else if (texts.length > 0) this.messages.push({ role: 'system', content: texts });
  }

  /** Before anything but a result, and at the end: the API wants a result for every call. */
  close(index: number): void {
    if (this.#open.length > 0) {
      const names = this.#open.slice(0, 10).map(({ name }) => name);
      throw new TurnError(
        'invalid_request',
        `An assistant message with 'tool_calls' must be followed by a message of role 'tool' for each of them. ` +
          `Without a result: ${names.join(', ')}`,
        { param: `messages[${index - 1}]` },
      );
    }
    this.#results = undefined;
  }

  #push(role: 'user' | 'assistant', content: Anthropic.ContentBlockParam[]): void {
    if (content.length > 0) this.messages.push({ role, content });
  }

  #calls({ tool_calls: calls }: ChatMessage): readonly Anthropic.ToolUseBlockParam[] {
    return (calls ?? []).map(({ id: given, function: { name, arguments: input } }) => {
      const clientId = given === null || given === '' ? undefined : given;
      const base =
        clientId === undefined ? `call_${shortHash(`${name} ${JSON.stringify(input)}`)}` : nativeToolId(clientId);
      const id = this.#ids.next(base);
      this.#open.push({ id, clientId, name });
      return { type: 'tool_use', id, name, input: input ?? {} };
    });
  }

  #addResult({ content, images, tool_call_id: id, tool_name: name }: ChatMessage, index: number): void {
    const call =
      this.#open.find((open) => id !== null && id !== undefined && open.clientId === id) ??
      this.#open.find((open) => open.name === name) ??
      this.#open[0];
    if (call === undefined) {
      throw new TurnError('invalid_request', "A message of role 'tool' must follow a call that it is the result of.", {
        param: pathText('openai', ['messages', index]),
      });
    }
    this.#open = this.#open.filter((open) => open !== call);
    const blocks = [...textBlocks([content ?? '']), ...imagesOf(images, ['messages', index])];
    if (this.#results === undefined) {
      this.#results = [];
      this.messages.push({ role: 'user', content: this.#results });
    }
    this.#results.push({
      type: 'tool_result',
      tool_use_id: call.id,
      ...(blocks.length === 0 ? {} : { content: blocks }),
    });
  }
}

/** Images come before the text, where Claude reads them best. */
export const imagesOf = (
  images: readonly string[] | null | undefined,
  path: Path,
): readonly Anthropic.ImageBlockParam[] =>
  (images ?? []).map((data, index) => imageOf(data.trim(), [...path, 'images', index]));

/** Ollama detects the type of an image by its first bytes; so does this server. */
const FIRST_BYTES: readonly (readonly [base64: string, type: string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

const imageOf = (data: string, path: Path): Anthropic.ImageBlockParam => {
  if (data.startsWith('data:')) return imageBlock(data, path);
  const type = FIRST_BYTES.find(([first]) => data.startsWith(first))?.[1];
  if (type === undefined) throw invalid('openai', path, 'an image must be PNG, JPEG, GIF or WebP, as base64.');
  return imageBlock(`data:${type};base64,${data}`, path);
};
