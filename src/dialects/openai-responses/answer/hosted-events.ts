/** Events of tools that the API runs itself. */
import { Item, type OpenItem, type OutputSlot } from './open-item.ts';
import type { Block, HostedUse, ItemStatus, Piece } from './output-items.ts';
import type { ItemEvent } from './response-events.ts';

/** Searches and programs that run at the API: one item from the call to its result. */
export class HostedEvents implements OpenItem {
  readonly use: HostedUse;
  readonly #item: Item;

  constructor(use: HostedUse, slot: OutputSlot) {
    this.use = use;
    this.#item = new Item(slot);
  }

  begin(): readonly ItemEvent[] {
    return [...this.#item.begin((item) => item, this.#piece()), ...this.#state('in_progress')];
  }

  delta(): readonly ItemEvent[] {
    return [];
  }

  /** The call is complete and is being run. */
  blockStop(): readonly ItemEvent[] {
    if (this.use.name !== 'code_execution') return this.#state('searching');
    const code: unknown =
      typeof this.use.input === 'object' && this.use.input !== null ? Reflect.get(this.use.input, 'code') : '';
    const text = typeof code === 'string' ? code : '';
    return [
      { type: 'response.code_interpreter_call_code.delta', ...this.#item.at, delta: text },
      { type: 'response.code_interpreter_call_code.done', ...this.#item.at, code: text },
      ...this.#state('interpreting'),
    ];
  }

  endWith(result: Block): readonly ItemEvent[] {
    return [...this.#state('completed'), ...this.#item.end(this.#piece(result), 'completed')];
  }

  end(status: ItemStatus): readonly ItemEvent[] {
    return this.#item.end(this.#piece(), status);
  }

  #piece(result?: Block): Piece {
    return { kind: 'hosted', use: this.use, result };
  }

  #state(state: 'in_progress' | 'searching' | 'interpreting' | 'completed'): readonly ItemEvent[] {
    const at = this.#item.at;
    if (this.use.name === 'code_execution') {
      return state === 'searching' ? [] : [{ type: `response.code_interpreter_call.${state}`, ...at }];
    }
    return state === 'interpreting' ? [] : [{ type: `response.web_search_call.${state}`, ...at }];
  }
}
