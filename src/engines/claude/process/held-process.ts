/**
 * A process and the conversation it holds: prepares it for a request, runs one step at a time and knows what may come
 * next.
 */
import { randomUUID } from 'node:crypto';
import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { TurnEvent } from '../../../turn/events.ts';
import type { AnswerMessage } from '../../../turn/turn.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Exchange } from '../conversation/exchanges.ts';
import { nextHead, signaturesOf } from '../conversation/heads.ts';
import type { HeldMessage, ProcessView } from '../conversation/plan.ts';
import type { OnProcess, Preparation, ProcessState, StepStart } from './preparation.ts';
import { runStep } from '../step/run-step.ts';
import { StepReader, type Outcome } from '../step/step-reader.ts';
import { TurnCosts } from '../step/turn-costs.ts';
import type { EndReason } from './child/child.ts';
import type { CliProcess } from './control/cli-process.ts';
import { residentBytes } from './child/memory.ts';
import type { TurnSettings } from './control/turn-settings.ts';

export interface Traits {
  readonly id: number;
  /** Whether its CLI can cut conversations. */
  readonly rewinds: boolean;
  /** Whether it may be given other conversations. */
  readonly recyclable: boolean;
  /** What it holds from its start on. */
  readonly held?: readonly HeldMessage[];
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Called whenever the state changes. */
  readonly changed: (process: HeldProcess) => void;
}

/** A held message with the newest user message at its time: what the CLI wants to know that we have seen. */
interface Held extends HeldMessage {
  readonly newest: string | undefined;
}

/** After the answer the CLI reports its `result` within milliseconds; one that does not is stuck. */
const SETTLE_TIMEOUT_MS = 10_000;
/**
 * Turns after which a process is not given another conversation, and memory: one that serves a thousand turns has about
 * 350 MB.
 */
const MAX_TURNS = 1_000;
const MAX_BYTES = 700 * 1024 * 1024;
const LOOK_EVERY = 20;
const NEVER = new AbortController().signal;
const NO_CALLS: ReadonlySet<string> = new Set();

export class HeldProcess implements ProcessView {
  readonly id: number;
  readonly cli: CliProcess;
  state: ProcessState = 'busy';
  lastUsed: number;
  held: readonly Held[];
  /** Turns asked in this conversation, and in all. */
  turns = 0;
  served = 0;
  pending: ReadonlySet<string> = NO_CALLS;
  /** Whether it is busy with nothing but the end of a turn, which takes milliseconds. */
  clearing = false;
  readonly #traits: Traits;
  readonly #costs = new TurnCosts();
  #grown = false;
  /** Whether the step that runs has been sent. */
  #begun = false;
  /** The user message that was asked last, and how many messages come before it. */
  #asked: { readonly id: string | undefined; readonly before: number } | undefined;
  /** Resolves once the CLI is ready for the next message. */
  #settled: Promise<void> = Promise.resolve();

  constructor(cli: CliProcess, traits: Traits) {
    this.cli = cli;
    this.id = traits.id;
    this.#traits = traits;
    this.held = (traits.held ?? []).map((message) => ({ ...message, newest: undefined }));
    this.turns = this.held.length / 2;
    this.lastUsed = traits.now();
    void cli.ended.then(() => this.#become('ended'));
  }

  get prompt(): string | undefined {
    return this.cli.prompt;
  }

  get model(): string {
    return this.cli.model;
  }

  get offeredTools(): ReadonlySet<string> {
    return new Set(this.cli.offeredTools);
  }

  get recyclable(): boolean {
    const { rewinds, recyclable } = this.#traits;
    const clean = this.held.length === 0 || this.held[0]?.id !== undefined;
    return rewinds && recyclable && clean && this.served < MAX_TURNS && !this.#grown;
  }

  /** Takes the process out of the choice. Synchronous, so that two requests never get the same one. */
  claim(): void {
    this.#become('busy');
  }

  /** Gives it back as it is. */
  release(): void {
    if (this.state !== 'busy') return;
    this.clearing = false;
    // Of no use to anybody: it holds nothing, and may not be given anything.
    if (this.held.length === 0 && !this.recyclable && this.served > 0) this.retire('spent');
    else this.#become('idle');
  }

  /**
   * Where calls wait, only a kill will do: at the end of its input the CLI answers them itself, and asks the API again.
   */
  retire(reason: EndReason): void {
    if (this.state === 'idle') void this.cli.end(reason);
    else this.cli.kill(reason);
    this.#become('ended');
  }

  /**
   * Brings the process to the point where the turn can be asked. What it holds is known at each moment, so it can be
   * left between two.
   */
  async prepare(plan: OnProcess, { conversation, settings, signal = NEVER }: Preparation): Promise<void> {
    await this.#settled;
    if (plan.kind === 'answer') return this.cli.configure(settings, true);
    if (plan.kind === 'fresh') await this.cutTo(0, 'spent');
    if (plan.kind === 'rewind') await this.cutTo(plan.keep, 'spent');
    signal.throwIfAborted();
    await this.cli.configure(settings, false);
    if (conversation.system !== '') await this.cli.setPrompt(conversation.system);
    for (const exchange of plan.append) {
      signal.throwIfAborted();
      await this.append(exchange, conversation);
    }
    signal.throwIfAborted();
  }

  /** Appends the next message of a conversation of which the process holds the beginning. */
  async append(exchange: Exchange, { heads }: Conversation): Promise<void> {
    const id = randomUUID();
    await this.cli.append(exchange, id);
    const head = heads[this.held.length + 1] ?? '';
    this.held = [
      ...this.held,
      {
        head,
        signatures: signaturesOf(exchange),
        newest: this.cli.newestUserMessage,
        ...(this.#isTarget(exchange) && { id }),
      },
    ];
  }

  /** One step. Leaving early or aborting cuts the turn, and with it the upstream request. */
  step(
    conversation: Conversation,
    settings: TurnSettings,
    { opening, plan, signal }: StepStart,
  ): ReadableStream<TurnEvent> {
    this.#begun = false;
    const reader = new StepReader({ offered: this.offeredTools, maxTokens: settings.maxTokens });
    return runStep(this.cli, {
      opening,
      reader,
      signal,
      begin: () => this.#begin(plan, conversation),
      conclude: (outcome) => this.#conclude(outcome, conversation),
      cost: () => this.#costs.last(),
    });
  }

  /** Cuts off what follows the first messages, and as many of these as it must; a process that cannot be cut ends. */
  async cutTo(keep: number, reason: EndReason): Promise<void> {
    if (keep >= this.held.length) return;
    const target = this.held.findLastIndex(({ id }, index) => index <= keep && id !== undefined);
    const id = this.held[target]?.id;
    if (id === undefined) this.cli.kill(reason);
    else await this.#cut(id, target);
  }

  /**
   * Cuts off the turn that was asked last, whatever has become of it, and gives the process back; one that cannot be
   * cut ends.
   */
  async clear(reason: EndReason): Promise<void> {
    this.clearing = true;
    this.#become('busy');
    const asked = this.#asked;
    if (asked === undefined) return this.cli.kill(reason);
    try {
      if (asked.id !== undefined) await this.#cut(asked.id, asked.before);
      else await this.cutTo(asked.before - 1, reason);
      this.release();
    } catch {
      // The refusal has ended it.
    }
  }

  #begin(plan: OnProcess, { turn }: Conversation): void {
    this.served += 1;
    this.#begun = true;
    if (plan.kind === 'answer') {
      void this.cli.answer(plan.results);
      return;
    }
    this.turns = plan.kind === 'fresh' ? 1 + plan.append.length / 2 : this.turns + 1;
    const id = randomUUID();
    this.#asked = { id: this.#isTarget(turn) ? id : undefined, before: this.held.length };
    this.cli.ask(turn, id);
  }

  #conclude(outcome: Outcome | { readonly kind: 'left' }, conversation: Conversation): void {
    switch (outcome.kind) {
      case 'finished':
        this.#hold(outcome.answer, conversation);
        this.pending = NO_CALLS;
        this.#settle();
        this.#look();
        this.#become('idle');
        return;
      case 'suspended':
        this.#hold(outcome.answer, conversation);
        this.pending = outcome.pending;
        this.cli.unlatch();
        this.#become('suspended');
        return;
      case 'cut':
        void this.clear('spent');
        return;
      case 'failed':
        void this.clear('failed');
        return;
      case 'left':
        // Whoever left before anything was asked has changed nothing.
        if (this.#begun) void this.clear('aborted');
        else this.release();
        return;
      default:
        outcome satisfies never;
    }
  }

  /** Remembers what the process holds now, in the terms in which the next request will speak of it. */
  #hold(answer: AnswerMessage, { heads, turn }: Conversation): void {
    const head = heads.at(-1) ?? '';
    const exchange: Exchange = { role: 'assistant', content: answer.content };
    const newest = this.cli.newestUserMessage;
    this.#costs.answered(answer);
    const id = this.#asked?.before === this.held.length ? this.#asked.id : undefined;
    this.held = [
      ...this.held,
      { head, signatures: signaturesOf(turn), newest, ...(id !== undefined && { id }) },
      { head: nextHead(head, exchange), signatures: signaturesOf(exchange), newest },
    ];
  }

  /** Whether the conversation can be cut before a message: the CLI parts no results from their calls. */
  #isTarget({ role, content }: Exchange): boolean {
    return this.#traits.rewinds && role === 'user' && !content.some(({ type }) => type === 'tool_result');
  }

  async #cut(id: string, keep: number): Promise<void> {
    await this.cli.rewind(id, this.held[keep - 1]?.newest);
    this.held = this.held.slice(0, keep);
    this.pending = NO_CALLS;
    this.#asked = undefined;
    if (keep === 0) this.turns = 0;
  }

  #settle(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.cli.kill('hung'), Math.min(SETTLE_TIMEOUT_MS, this.cli.controlTimeoutMs));
    const done = (result?: SDKResultMessage): void => {
      clearTimeout(timer);
      this.#costs.ended(result);
      this.cli.unlatch();
      resolve();
    };
    this.cli.listen({ message: (message) => message.type === 'result' && done(message), ended: () => done() });
    this.#settled = promise;
  }

  #look(): void {
    if (this.served % LOOK_EVERY === 0) this.#grown = residentBytes(this.cli.child.pid) > MAX_BYTES;
  }

  #become(state: ProcessState): void {
    if (this.state === 'ended') return;
    this.state = state;
    this.lastUsed = this.#traits.now();
    this.#traits.changed(this);
  }
}
