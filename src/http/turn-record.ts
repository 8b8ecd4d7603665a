/** What is worth remembering of a turn while its events pass by: for the log line and the headers. */
import { isStreamEvent, type Notice, type StreamEvent, type TurnEvent } from '../turn/events.ts';

export interface TurnFigures {
  readonly route: string | undefined;
  readonly retries: number;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens: number | undefined;
  readonly stopReason: string | undefined;
}

export class TurnRecord {
  readonly notices: Notice[] = [];
  #usage: { input_tokens?: number | null; output_tokens?: number | null; cache_read_input_tokens?: number | null } = {};
  #stopReason: string | undefined;

  async *watch(events: AsyncIterable<TurnEvent>): AsyncGenerator<TurnEvent, void, undefined> {
    for await (const event of events) {
      if (event.type === 'notice') this.notices.push(event.notice);
      else if (isStreamEvent(event)) this.#note(event);
      yield event;
    }
  }

  figures(): TurnFigures {
    const routes = this.notices.filter((notice) => notice.kind === 'route');
    return {
      route: routes.at(-1)?.route,
      retries: this.notices.filter((notice) => notice.kind === 'retry').length,
      inputTokens: this.#usage.input_tokens ?? undefined,
      outputTokens: this.#usage.output_tokens ?? undefined,
      cacheReadTokens: this.#usage.cache_read_input_tokens ?? undefined,
      stopReason: this.#stopReason,
    };
  }

  #note(event: StreamEvent): void {
    if (event.type === 'message_start') this.#usage = { ...event.message.usage };
    if (event.type !== 'message_delta') return;
    const known = Object.entries(event.usage).filter(([, value]) => value !== null && value !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(known) };
    this.#stopReason = event.delta.stop_reason ?? this.#stopReason;
  }
}
