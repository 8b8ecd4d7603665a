/** A process and the conversation it holds: runs one step at a time and knows what may come next. */
import { TurnError, toTurnError } from '../../turn/errors.ts';
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

interface StepStart {
  readonly opening: TurnEvent;
  readonly begin: () => void;
  readonly signal: AbortSignal;
}
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
  constructor(
    id: number,
    process: CliProcess,
    { now, changed }: { now: () => number; changed: (session: Session) => void },
  ) {
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

  /** Its process has been told to end. */
  leave(): void {
    this.#become('ended');
  }

  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Does what comes before a step. A failure or an abort ends the process: what it holds by then nobody can tell. */
  async prepare(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
    const abandon = (): void => this.process.kill('aborted');
    signal.addEventListener('abort', abandon);
    if (signal.aborted) abandon();
    try {
      await work();
    } catch (error) {
      this.process.kill('failed');
      throw error;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  /**
   * One step: `begin` sends what starts it; the events are `opening` and those of one upstream answer.
   * Leaving early or aborting ends the process, and with it the upstream request.
   */
  step(
    conversation: Conversation,
    settings: LiveSettings,
    { opening, begin, signal }: StepStart,
  ): ReadableStream<TurnEvent> {
    this.offeredTools = new Set(this.process.offeredTools);
    const reader = new StepReader(this.offeredTools);
    const abandon = (): void => this.process.kill('aborted');
    let over = false;
    let failure: TurnError | undefined;
    const stop = (): void => {
      over = true;
      signal.removeEventListener('abort', abandon);
    };
    return new ReadableStream<TurnEvent>({
      start: (controller) => {
        const finish = (outcome: Outcome): void => {
          stop();
          this.#conclude(outcome, conversation, settings);
          if (outcome.kind !== 'failed') controller.close();
          // An error throws away what nobody has read yet: it waits until the last event has been taken.
          else if ((controller.desiredSize ?? 0) > 0) controller.error(outcome.error);
          else failure = outcome.error;
        };
        controller.enqueue(opening);
        signal.addEventListener('abort', abandon);
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
        if (signal.aborted) abandon();
        if (over || signal.aborted) return;
        try {
          begin();
        } catch (error) {
          finish({ kind: 'failed', error: toTurnError(error) });
        }
      },
      pull: (controller) => {
        if (failure !== undefined) controller.error(failure);
      },
      cancel: () => {
        // After the answer the process holds a conversation that its client may come back to.
        if (!over) abandon();
        stop();
      },
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
    const timer = setTimeout(
      () => this.process.kill('hung'),
      Math.min(SETTLE_TIMEOUT_MS, this.process.controlTimeoutMs),
    );
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
  signal.reason instanceof TurnError
    ? signal.reason
    : new TurnError('client_closed', 'The client closed the connection.');
