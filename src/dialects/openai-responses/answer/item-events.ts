/** Converts the blocks of an answer to the events of its items, one item after the other. */
import type { AnswerMessage } from '../../../turn/turn.ts';
import type { ResponsesAnswer } from './answer.ts';
import { HostedEvents } from './hosted-events.ts';
import type { Delta, OpenItem, OutputSlot } from './open-item.ts';
import { CallEvents, MessageEvents, ReasoningEvents } from './open-items.ts';
import { isShown, itemOf, type Block, type ItemStatus, type OutputItem } from './output-items.ts';
import { incompleteReason, outputOf, refusalOf } from './response.ts';
import type { ItemEvent } from './response-events.ts';

export class ItemEvents {
  readonly #answer: ResponsesAnswer;
  readonly #done = new Map<number, OutputItem>();
  readonly #ofBlock = new Map<number, OpenItem>();
  readonly #hosted = new Map<string, HostedEvents>();
  /**
   * The item stays open until the next one begins, or the answer ends: only then is it known whether it was cut off.
   */
  #open: OpenItem | undefined;
  #begun = 0;

  constructor(answer: ResponsesAnswer) {
    this.#answer = answer;
  }

  /** The completed items, in order. */
  get done(): readonly OutputItem[] {
    return [...this.#done].toSorted(([one], [other]) => one - other).map(([, item]) => item);
  }

  /**
   * `block` is the folded block, which grows with the deltas: items are built from it, as in an answer that is not
   * streamed.
   */
  blockStart(block: Block, index: number): readonly ItemEvent[] {
    if (this.#answer.compacts) return this.#beginSummary();
    if (block.type === 'text') {
      const { message, events } = this.#message();
      this.#ofBlock.set(index, message);
      return [...events, ...message.addText(block)];
    }
    const before = this.#close('completed');
    const item = this.#itemFor(block);
    if (item === undefined) return [...before, ...this.#endHosted(block)];
    this.#ofBlock.set(index, item);
    if (item instanceof HostedEvents) this.#hosted.set(item.use.id, item);
    else this.#open = item;
    return [...before, ...item.begin()];
  }

  blockDelta(delta: Delta, index: number): readonly ItemEvent[] {
    return this.#ofBlock.get(index)?.delta(delta) ?? [];
  }

  blockStop(index: number): readonly ItemEvent[] {
    return this.#ofBlock.get(index)?.blockStop() ?? [];
  }

  /** Ends the open item, and adds the refusal, if there is one. */
  end(message: AnswerMessage): readonly ItemEvent[] {
    if (this.#answer.compacts) return this.#endSummary(message);
    const status = incompleteReason(message.stop_reason) === undefined ? 'completed' : 'incomplete';
    const refusal = refusalOf(message);
    const refusalEvents = refusal === undefined ? [] : this.#refuse(refusal);
    return [...refusalEvents, ...this.#close(status), ...this.#endAllHosted(status)];
  }

  /** What is written is not shown: the summary is encrypted as a whole. */
  #beginSummary(): readonly ItemEvent[] {
    if (this.#begun > 0) return [];
    const output_index = this.#begun++;
    const item = itemOf({ kind: 'compaction', summary: '' }, { index: 0, status: 'in_progress', answer: this.#answer });
    return [
      { type: 'response.output_item.added', output_index, item },
      { type: 'response.compaction.compacting', output_index, item_id: item.id ?? '' },
    ];
  }

  #endSummary(message: AnswerMessage): readonly ItemEvent[] {
    const [item] = outputOf(message, this.#answer);
    if (item === undefined) return [];
    this.#done.set(0, item);
    return [...this.#beginSummary(), { type: 'response.output_item.done', output_index: 0, item }];
  }

  #itemFor(block: Exclude<Block, { type: 'text' }>): OpenItem | undefined {
    if (block.type === 'thinking' || block.type === 'redacted_thinking') return new ReasoningEvents(block, this.#slot);
    if (block.type === 'tool_use') return new CallEvents(block, this.#slot);
    if (block.type === 'server_tool_use' && isShown(block)) return new HostedEvents(block, this.#slot);
    return undefined;
  }

  get #slot(): OutputSlot {
    return {
      answer: this.#answer,
      nextIndex: () => this.#begun++,
      ended: (index: number, item: OutputItem) => this.#done.set(index, item),
    };
  }

  #refuse(refusal: string): readonly ItemEvent[] {
    const { message, events } = this.#message();
    return [...events, ...message.refuse(refusal)];
  }

  /** The open message, or a new one after the item that was open before. */
  #message(): { readonly message: MessageEvents; readonly events: readonly ItemEvent[] } {
    if (this.#open instanceof MessageEvents) return { message: this.#open, events: [] };
    const events = this.#close('completed');
    const message = new MessageEvents(this.#slot);
    this.#open = message;
    return { message, events };
  }

  #close(status: ItemStatus): readonly ItemEvent[] {
    const open = this.#open;
    this.#open = undefined;
    return open?.end(status) ?? [];
  }

  #endHosted(result: Block): readonly ItemEvent[] {
    const id = 'tool_use_id' in result ? result.tool_use_id : '';
    const hosted = this.#hosted.get(id);
    this.#hosted.delete(id);
    return hosted?.endWith(result) ?? [];
  }

  #endAllHosted(status: ItemStatus): readonly ItemEvent[] {
    return [...this.#hosted.values()].flatMap((hosted) => [...hosted.end(status)]);
  }
}
