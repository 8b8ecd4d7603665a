/** A little engine that does what a test tells it, step by step. */
import { apiAbilities } from '../../src/engines/api/abilities.ts';
import type { Engine, EngineHealth } from '../../src/turn/engine.ts';
import type { RateLimit, StreamEvent, TurnEvent } from '../../src/turn/events.ts';
import type { Turn } from '../../src/turn/turn.ts';

export type Script = (turn: Turn, signal: AbortSignal) => AsyncIterable<TurnEvent>;

export class ScriptedEngine implements Engine {
  readonly name = 'anthropic-api';
  readonly abilities = apiAbilities;
  readonly turns: Turn[] = [];
  /** Turns begun and not yet ended. */
  running = 0;
  closed = false;
  script: Script;
  healthy: EngineHealth = { ok: true, gauges: { processes: 3 } };

  /** Tells of limits that no turn reported. */
  tell: (limits: readonly RateLimit[]) => void = () => undefined;

  constructor(script: Script = () => answer('Hello')) {
    this.script = script;
  }

  async *run(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, undefined> {
    this.turns.push(turn);
    this.running += 1;
    try {
      yield* this.script(turn, signal);
    } finally {
      this.running -= 1;
    }
  }

  onLimits(listener: (limits: readonly RateLimit[]) => void): void {
    this.tell = listener;
  }

  countTokens(turn: Turn, _signal: AbortSignal): Promise<number> {
    return Promise.resolve(turn.request.messages.length * 10);
  }

  models() {
    return Promise.resolve([{ id: 'claude-sonnet-5-5', displayName: 'Claude Sonnet 5.5', aliases: ['sonnet'] }]);
  }

  health(): EngineHealth {
    return this.healthy;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const usage = { input_tokens: 7, output_tokens: 1, cache_read_input_tokens: 2, cache_creation_input_tokens: 0 };

/** The events of a whole answer with one text block, a word a delta. */
export async function* answer(text: string, stopReason = 'end_turn'): AsyncGenerator<TurnEvent, void, undefined> {
  yield* beginning();
  yield { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: null } };
  for (const word of text.split(/(?<= )/)) yield delta(word);
  yield { type: 'content_block_stop', index: 0 };
  yield {
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: 5 },
  } as StreamEvent;
  yield { type: 'message_stop' };
}

export const beginning = (): readonly TurnEvent[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  } as unknown as StreamEvent,
];

export const delta = (text: string): TurnEvent => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text },
});

/** Never yields; ends only by the signal, as an upstream that hangs does. */
// eslint-disable-next-line require-yield
export async function* silence(_turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, undefined> {
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

/** All turns of the event loop that are ready. */
export const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

/** Waits until `holds` is true; the test's own time limit is the bound. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

export const quietLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
