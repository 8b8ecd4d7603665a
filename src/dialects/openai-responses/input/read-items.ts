/**
 * Converts items to messages of the Messages API. Consecutive texts and calls of the assistant are one message; the
 * results of its calls follow in one user message, wherever they stand among the items.
 */
import type Anthropic from '@anthropic-ai/sdk';
import type { TextCipher } from '../../../util/text-cipher.ts';
import { TurnError } from '../../../turn/errors.ts';
import type { ContentBlock, Message } from '../../../turn/turn.ts';
import { written, type BlockPaths } from '../../callers-field.ts';
import type { Path } from '../../openai/content.ts';
import { hasBrokenCall, parseArguments, type Conversation } from '../../openai/conversation.ts';
import type { Report } from '../../parameters.ts';
import { nativeToolId, UniqueIds } from '../../tool-ids.ts';
import { pathText } from '../../validate.ts';
import { decryptSummary } from '../compaction.ts';
import { decryptBlocks } from '../encrypted-blocks.ts';
import { customInput } from '../../openai/custom-tools.ts';
import type { ToolNames } from '../tools/tool-names.ts';
import type { InputItem } from '../wire.ts';
import { resultContent, plainTextBlocks, userBlocks } from './message-content.ts';

/** An item and its path in the caller's request. */
export interface PlacedItem {
  readonly item: InputItem;
  readonly path: Path;
}

interface Reading {
  readonly names: ToolNames;
  readonly cipher: TextCipher | undefined;
  readonly report: Report;
  /** Where the path of each block is recorded. */
  readonly blockPaths?: BlockPaths | undefined;
}

/** Throws `invalid_request` for a call without a result, and for a result without a call. */
export const readItems = (items: readonly PlacedItem[], reading: Reading): Conversation => {
  const reader = new ItemReader(items, reading);
  for (const placed of items) reader.add(placed);
  const conversation = reader.end();
  if (hasBrokenCall(conversation.messages)) reading.report.emulate('input');
  return conversation;
};

type Item<Type extends InputItem['type']> = Extract<InputItem, { type: Type }>;
type Output = Item<'function_call_output' | 'custom_tool_call_output'>;

interface PlacedOutput {
  readonly item: Output;
  readonly path: Path;
}

/** A call of the step that is being read. */
interface OpenCall {
  readonly clientId: string;
  readonly id: string;
}

class ItemReader {
  readonly #system: Anthropic.TextBlockParam[] = [];
  readonly #messages: Message[] = [];
  readonly #reading: Reading;
  /** Results without a call so far, by the id of their call. */
  readonly #outputs = new Map<string, PlacedOutput[]>();
  readonly #taken = new Set<InputItem>();
  readonly #ids = new UniqueIds();
  #step: ContentBlock[] = [];
  #calls: OpenCall[] = [];

  constructor(items: readonly PlacedItem[], reading: Reading) {
    this.#reading = reading;
    for (const { item, path } of items) {
      if (item.type !== 'function_call_output' && item.type !== 'custom_tool_call_output') continue;
      const waiting = this.#outputs.get(item.call_id);
      if (waiting === undefined) this.#outputs.set(item.call_id, [{ item, path }]);
      else waiting.push({ item, path });
    }
  }

  add({ item, path }: PlacedItem): void {
    switch (item.type) {
      case 'message':
        this.#addMessage(item, path);
        return;
      case 'function_call':
        this.#addCall(item, parseArguments(item.arguments), path);
        return;
      case 'custom_tool_call':
        this.#addCall(item, customInput(item.input), path);
        return;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#endStep();
        if (!this.#taken.has(item)) throw noCall(item, path);
        return;
      case 'reasoning':
      case 'web_search_call':
      case 'code_interpreter_call':
        this.#addEncrypted(item);
        return;
      case 'compaction':
        this.#addSummary(item.encrypted_content, path);
        return;
      case 'unknown':
        this.#reading.report.ignore('input[].type');
        return;
      case 'additional_tools':
      case 'item_reference':
      case 'compaction_trigger':
        // They were handled before: tools are offered, references resolved, a summary is asked for.
        return;
      default:
        item satisfies never;
    }
  }

  end(): Conversation {
    this.#endStep();
    return { system: this.#system, messages: this.#messages };
  }

  #addMessage({ role, content }: Item<'message'>, path: Path): void {
    const here = [...path, 'content'];
    const { blockPaths } = this.#reading;
    if (role === 'assistant') {
      this.#step.push(...plainTextBlocks(content, here, blockPaths));
      return;
    }
    this.#endStep();
    if (role === 'user') {
      const blocks = userBlocks(content, here, blockPaths);
      if (blocks.length > 0) this.#messages.push({ role, content: blocks });
      return;
    }
    const blocks = [...plainTextBlocks(content, here, blockPaths)];
    if (this.#messages.length === 0) this.#system.push(...blocks);
    else if (blocks.length > 0) this.#messages.push({ role: 'system', content: blocks });
  }

  #addCall({ call_id, name, namespace }: Item<'function_call' | 'custom_tool_call'>, input: object, path: Path): void {
    const id = this.#ids.next(nativeToolId(call_id));
    const { names, blockPaths } = this.#reading;
    const call: ContentBlock = { type: 'tool_use', id, name: names.flat(name, namespace), input };
    this.#step.push(...written([call], path, blockPaths));
    this.#calls.push({ clientId: call_id, id });
  }

  /** Reasoning without its signature cannot be sent to Claude; a summary alone is no loss worth reporting. */
  #addEncrypted({
    encrypted_content: encrypted,
  }: Item<'reasoning' | 'web_search_call' | 'code_interpreter_call'>): void {
    if (encrypted === null || encrypted === undefined || encrypted === '') return;
    const blocks = decryptBlocks(this.#reading.cipher, encrypted);
    if (blocks === undefined) this.#reading.report.ignore('input[].encrypted_content');
    else this.#step.push(...blocks);
  }

  #addSummary(encrypted: string, path: Path): void {
    const summary = decryptSummary(this.#reading.cipher, encrypted);
    if (summary === undefined) {
      this.#reading.report.ignore('input[].encrypted_content');
      return;
    }
    this.#endStep();
    this.#messages.push({ role: 'user', content: [...written([summary], path, this.#reading.blockPaths)] });
  }

  #endStep(): void {
    const blocksOfStep = this.#withoutLastThought(this.#step);
    if (blocksOfStep.length > 0) this.#messages.push({ role: 'assistant', content: blocksOfStep });
    const results = this.#calls.map((call) => this.#result(call));
    if (results.length > 0) this.#messages.push({ role: 'user', content: results });
    this.#step = [];
    this.#calls = [];
  }

  /** The API refuses a message that ends with thinking; no text followed it. */
  #withoutLastThought(step: readonly ContentBlock[]): ContentBlock[] {
    const end = step.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking') + 1;
    if (end < step.length) this.#reading.report.ignore('input[].encrypted_content');
    return step.slice(0, end);
  }

  #result({ clientId, id }: OpenCall): Anthropic.ToolResultBlockParam {
    const output = this.#outputs.get(clientId)?.shift();
    if (output === undefined) {
      throw new TurnError('invalid_request', `No tool output found for function call ${clientId.slice(0, 128)}.`, {
        param: 'input',
      });
    }
    this.#taken.add(output.item);
    const { blockPaths } = this.#reading;
    const content = resultContent(output.item.output, [...output.path, 'output'], blockPaths);
    const result: Anthropic.ToolResultBlockParam = {
      type: 'tool_result',
      tool_use_id: id,
      ...(content && { content }),
    };
    blockPaths?.set(result, output.path);
    return result;
  }
}

const noCall = ({ call_id }: Output, path: Path): TurnError =>
  new TurnError(
    'invalid_request',
    `No tool call found for function call output with call_id ${call_id.slice(0, 128)}.`,
    { param: pathText('openai', [...path, 'call_id']) },
  );
