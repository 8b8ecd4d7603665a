/** An item that has begun, with its first and last events. */
import type { StreamEvent } from '../../../turn/events.ts';
import type { ResponsesAnswer } from './answer.ts';
import { itemOf, type ItemStatus, type OutputItem, type Piece } from './output-items.ts';
import type { ItemEvent } from './response-events.ts';

export type Delta = Extract<StreamEvent, { type: 'content_block_delta' }>['delta'];

export interface OutputSlot {
  readonly answer: ResponsesAnswer;
  /** The output index of the item that begins now. */
  readonly nextIndex: () => number;
  readonly ended: (index: number, item: OutputItem) => void;
}

export interface OpenItem {
  begin(): readonly ItemEvent[];
  delta(delta: Delta): readonly ItemEvent[];
  blockStop(): readonly ItemEvent[];
  end(status: ItemStatus): readonly ItemEvent[];
}

/** The first and last events of an item; the last ones are built as in an answer that is not streamed. */
export class Item {
  readonly slot: OutputSlot;
  #index: number | undefined;
  #id = '';

  constructor(slot: OutputSlot) {
    this.slot = slot;
  }

  get begun(): boolean {
    return this.#index !== undefined;
  }

  get at(): { readonly item_id: string; readonly output_index: number } {
    return { item_id: this.#id, output_index: this.#index ?? 0 };
  }

  /** `bare`: the item without content. */
  begin(bare: (item: OutputItem) => object, piece: Piece): readonly ItemEvent[] {
    this.#index = this.slot.nextIndex();
    const item = this.#item(piece, 'in_progress');
    this.#id = item.id ?? '';
    return [{ type: 'response.output_item.added', output_index: this.#index, item: bare(item) }];
  }

  end(piece: Piece, status: ItemStatus): readonly ItemEvent[] {
    if (this.#index === undefined) return [];
    const item = this.#item(piece, status);
    this.slot.ended(this.#index, item);
    return [{ type: 'response.output_item.done', output_index: this.#index, item }];
  }

  #item(piece: Piece, status: ItemStatus): OutputItem {
    return itemOf(piece, { index: this.#index ?? 0, status, answer: this.slot.answer });
  }
}
