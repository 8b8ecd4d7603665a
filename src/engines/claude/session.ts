/** A process and the conversation it holds: runs one step at a time and knows what may come next. */
import { TurnError } from '../../turn/errors.ts';
import type { TurnEvent } from '../../turn/events.ts';
import type { AnswerMessage } from '../../turn/turn.ts';
import type { Conversation, SessionView } from './choose-session.ts';
import type { CliProcess } from './cli-process.ts';
import { errorOfEnd } from './failures.ts';
import { chainNext, thinkingSignatures, type Exchange, type Head } from './history.ts';
import type { LiveSettings } from './settings.ts';
import { StepReader, type Outcome } from './step-reader.ts';

/** `idle` and `suspended` can be chosen; a `running` or `ended` one cannot. */
export type SessionState = 'running' | 'idle' | 'suspended' | 'ended';

/** After the answer the CLI reports its `result` within milliseconds; one that does not is stuck. */
const SETTLE_TIMEOUT_MS = 10_000;
const NO_CALLS: ReadonlySet<string> = new Set();

export class Session implements SessionView {
  readonly id: number;
  readonly process: CliProcess;
  state: SessionState = 'running';
  /** When it last began or ended a step; milliseconds of the given clock. */
  lastUsed: number;
  head: Head = '';
  model = '';
  signatures: readonly string[] = [];
  pending: ReadonlySet<string> = NO_CALLS;
  offeredTools: ReadonlySet<string> = NO_CALLS;
  /** Resolves once the CLI is ready for the next message. */
  #settled: Promise<void> = Promise.resolve();
  readonly #now: () => number;
  readonly #changed: (session: Session) => void;

  /** `changed` is called whenever the state changes. */
  constructor(id: number, process: CliProcess, { now, changed }: { now: () => number; changed: (session: Session) => void }) {
    this.id = id;
    this.process = process;
    this.#now = now;
    this.#changed = changed;
    this.lastUsed = now();
    void process.ended.then(() => this.#become('ended'));
  }

  /** Takes the session out of the choice. Synchronous, so that two requests never get the same one. */
  claim(): void {
    this.#become('running');
  }

  get settled(): Promise<void> {
    return this.#settled;
  }

  /**
   * One step: `begin` sends what starts it; the events are those of one upstream answer.
   * Leaving early or aborting ends the process, and with it the upstream request.
   */
  step(conversation: Conversation, settings: LiveSettings, { begin, signal }: { begin: () => void; signal: AbortSignal }): ReadableStream<TurnEvent> {
    this.offeredTools = new Set(this.process.offeredTools);
    const reader = new StepReader(this.offeredTools);
    const abandon = (): void => this.process.kill('aborted');
    return new ReadableStream<TurnEvent>({
      start: (controller) => {
        let over = false;
        const finish = (outcome: Outcome): void => {
          over = true;
          signal.removeEventListener('abort', abandon);
          this.#conclude(outcome, conversation, settings);
          if (outcome.kind === 'failed') controller.error(outcome.error);
          else controller.close();
        };
        this.process.listen({
          message: (message) => {
            if (over) return;
            const { events, outcome } = reader.read(message);
            for (const event of events) controller.enqueue(event);
            if (outcome !== undefined) finish(outcome);
          },
          ended: (end) => {
            if (!over) finish({ kind: 'failed', error: signal.aborted ? aborted(signal) : errorOfEnd(end) });
          },
        });
        signal.addEventListener('abort', abandon);
        if (signal.aborted) abandon();
        else begin();
      },
      cancel: abandon,
    });
  }

  #conclude(outcome: Outcome, conversation: Conversation, settings: LiveSettings): void {
    switch (outcome.kind) {
      case 'finished':
        this.#hold(outcome.answer, conversation, settings);
        this.pending = NO_CALLS;
        this.#settle();
        this.#become('idle');
        return;
      case 'suspended':
        this.#hold(outcome.answer, conversation, settings);
        this.pending = outcome.pending;
        this.#become('suspended');
        return;
      case 'spent':
        this.process.kill('spent');
        return;
      case 'failed':
        this.process.kill('failed');
        return;
      default:
        outcome satisfies never;
    }
  }

  /** Remembers what the process holds now, in the terms in which the next request will speak of it. */
  #hold(answer: AnswerMessage, conversation: Conversation, settings: LiveSettings): void {
    const exchange: Exchange = { role: 'assistant', content: answer.content };
    this.head = chainNext(conversation.nextHead, exchange);
    this.model = settings.model;
    this.signatures = thinkingSignatures([...conversation.history, exchange]);
  }

  #settle(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.process.kill('hung'), SETTLE_TIMEOUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    this.process.listen({ message: (message) => message.type === 'result' && done(), ended: done });
    this.#settled = promise;
  }

  #become(state: SessionState): void {
    if (this.state === 'ended') return;
    this.state = state;
    this.lastUsed = this.#now();
    this.#changed(this);
  }
}

const aborted = (signal: AbortSignal): TurnError =>
  signal.reason instanceof TurnError ? signal.reason : new TurnError('client_closed', 'The client closed the connection.');
