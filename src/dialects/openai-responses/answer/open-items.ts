/** Events of text, reasoning and calls. */
import { CustomInputReader } from '../../openai/custom-tools.ts';
import { Item, type Delta, type OpenItem, type OutputSlot } from './open-item.ts';
import { annotationsOf, textPart, type Block, type ItemStatus, type Piece, type TextBlock } from './output-items.ts';
import type { ItemEvent } from './response-events.ts';

type BlockOf<Type extends Block['type']> = Extract<Block, { type: Type }>;

/** Begins with its first text: without text there is no item. */
export class MessageEvents implements OpenItem {
  readonly #item: Item;
  readonly #texts: TextBlock[] = [];
  #textOpen = false;
  #cited = 0;
  #refusal: string | undefined;

  constructor(slot: OutputSlot) {
    this.#item = new Item(slot);
  }

  begin(): readonly ItemEvent[] {
    return [];
  }

  addText(block: TextBlock): readonly ItemEvent[] {
    this.#texts.push(block);
    return this.#text(block.text);
  }

  delta(delta: Delta): readonly ItemEvent[] {
    return delta.type === 'text_delta' ? this.#text(delta.text) : [];
  }

  /** Positions of citations are known only when the text is complete. */
  blockStop(): readonly ItemEvent[] {
    if (!this.#textOpen) return [];
    const annotations = annotationsOf(this.#texts).slice(this.#cited);
    return annotations.map((annotation) => ({
      type: 'response.output_text.annotation.added',
      ...this.#item.at,
      content_index: 0,
      annotation_index: this.#cited++,
      annotation,
    }));
  }

  refuse(refusal: string): readonly ItemEvent[] {
    this.#refusal = refusal;
    const before = [...this.#begin(), ...this.#endText()];
    const at = { ...this.#item.at, content_index: this.#textOpen ? 1 : 0 };
    return [
      ...before,
      { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } },
      { type: 'response.refusal.delta', ...at, delta: refusal },
      { type: 'response.refusal.done', ...at, refusal },
      { type: 'response.content_part.done', ...at, part: { type: 'refusal', refusal } },
    ];
  }

  end(status: ItemStatus): readonly ItemEvent[] {
    return [...(this.#refusal === undefined ? this.#endText() : []), ...this.#item.end(this.#piece(), status)];
  }

  #text(delta: string): readonly ItemEvent[] {
    if (delta === '') return [];
    const before = [...this.#begin(), ...this.#beginText()];
    return [...before, { type: 'response.output_text.delta', ...this.#item.at, content_index: 0, delta, logprobs: [] }];
  }

  #begin(): readonly ItemEvent[] {
    return this.#item.begun ? [] : this.#item.begin((item) => ({ ...item, content: [] }), this.#piece());
  }

  #beginText(): readonly ItemEvent[] {
    if (this.#textOpen) return [];
    this.#textOpen = true;
    return [{ type: 'response.content_part.added', ...this.#item.at, content_index: 0, part: textPart([]) }];
  }

  #endText(): readonly ItemEvent[] {
    if (!this.#textOpen) return [];
    const part = textPart(this.#texts);
    const at = { ...this.#item.at, content_index: 0 };
    return [
      { type: 'response.output_text.done', ...at, text: part.text, logprobs: [] },
      { type: 'response.content_part.done', ...at, part },
    ];
  }

  #piece(): Piece {
    // Empty texts make no part, as in an answer that is not streamed.
    const texts = this.#textOpen ? this.#texts : [];
    return { kind: 'message', texts, ...(this.#refusal === undefined ? {} : { refusal: this.#refusal }) };
  }
}

export class ReasoningEvents implements OpenItem {
  readonly #item: Item;
  readonly #piece: Extract<Piece, { kind: 'reasoning' }>;
  #text = '';

  constructor(block: BlockOf<'thinking' | 'redacted_thinking'>, slot: OutputSlot) {
    this.#item = new Item(slot);
    this.#piece = { kind: 'reasoning', block };
  }

  begin(): readonly ItemEvent[] {
    const { block } = this.#piece;
    const before = this.#item.begin((item) => ({ ...item, summary: [] }), this.#piece);
    return [...before, ...this.#more(block.type === 'thinking' ? block.thinking : '')];
  }

  delta(delta: Delta): readonly ItemEvent[] {
    return delta.type === 'thinking_delta' ? this.#more(delta.thinking) : [];
  }

  blockStop(): readonly ItemEvent[] {
    return [];
  }

  end(status: ItemStatus): readonly ItemEvent[] {
    const last = this.#item.end(this.#piece, status);
    if (this.#text === '') return last;
    const at = { ...this.#item.at, summary_index: 0 };
    return [
      { type: 'response.reasoning_summary_text.done', ...at, text: this.#text },
      { type: 'response.reasoning_summary_part.done', ...at, part: { type: 'summary_text', text: this.#text } },
      ...last,
    ];
  }

  #more(delta: string): readonly ItemEvent[] {
    if (delta === '' || this.#item.slot.answer.withoutSummary) return [];
    const at = { ...this.#item.at, summary_index: 0 };
    const first = this.#text === '';
    this.#text += delta;
    return [
      ...(first
        ? [{ type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } } as const]
        : []),
      { type: 'response.reasoning_summary_text.delta', ...at, delta },
    ];
  }
}

/** Calls of functions and custom tools. */
export class CallEvents implements OpenItem {
  readonly #item: Item;
  readonly #piece: Extract<Piece, { kind: 'call' }>;
  readonly #custom: CustomInputReader | undefined;
  #sent = '';

  constructor(block: BlockOf<'tool_use'>, slot: OutputSlot) {
    this.#item = new Item(slot);
    this.#piece = { kind: 'call', block };
    this.#custom = slot.answer.names.origin(block.name).kind === 'custom' ? new CustomInputReader() : undefined;
  }

  begin(): readonly ItemEvent[] {
    const empty = this.#custom === undefined ? { arguments: '' } : { input: '' };
    return this.#item.begin((item) => ({ ...item, ...empty }), this.#piece);
  }

  delta(delta: Delta): readonly ItemEvent[] {
    if (delta.type !== 'input_json_delta') return [];
    return this.#more(this.#custom === undefined ? delta.partial_json : this.#custom.add(delta.partial_json));
  }

  blockStop(): readonly ItemEvent[] {
    return [];
  }

  /** An input that came in one piece, or in a form that could not be read while it came, is one delta. */
  end(status: ItemStatus): readonly ItemEvent[] {
    const last = this.#item.end(this.#piece, status);
    const item = this.#itemOf(last);
    const text = (this.#custom === undefined ? item?.arguments : item?.input) ?? '';
    const rest = this.#sent === '' ? this.#more(text) : [];
    const done: ItemEvent =
      this.#custom === undefined
        ? { type: 'response.function_call_arguments.done', ...this.#item.at, arguments: text }
        : { type: 'response.custom_tool_call_input.done', ...this.#item.at, input: text };
    return [...rest, done, ...last];
  }

  #itemOf(events: readonly ItemEvent[]): { arguments?: string; input?: string } | undefined {
    const [event] = events;
    return event?.type === 'response.output_item.done' ? event.item : undefined;
  }

  #more(delta: string): readonly ItemEvent[] {
    if (delta === '') return [];
    this.#sent += delta;
    const type =
      this.#custom === undefined ? 'response.function_call_arguments.delta' : 'response.custom_tool_call_input.delta';
    return [{ type, ...this.#item.at, delta }];
  }
}
