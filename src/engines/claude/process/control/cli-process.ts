/**
 * One live Claude Code process, driven through the Agent SDK and the CLI's control protocol: settings, history and
 * turns go in, messages come out to whoever listens. It knows nothing of HTTP, matching or pools.
 */
import { randomUUID } from 'node:crypto';
import type {
  Query,
  SDKControlGetContextUsageResponse,
  SDKControlInitializeResponse,
  SDKMessage,
  SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk';
import { TurnError } from '../../../../turn/errors.ts';
import type { Exchange } from '../../conversation/exchanges.ts';
import type { McpResult } from '../../conversation/tool-results.ts';
import type { Child, End, EndReason } from '../child/child.ts';
import { namedOnly, SuspendedCalls, toolServer, type OfferedTool } from './client-tools.ts';
import { answeredCalls, wholeAnswer, type Connection, type Listener } from './connection.ts';
import { ControlChannel, type ControlReply } from './control-channel.ts';
import { errorOfEnd } from '../child/end-errors.ts';
import { Guard } from './guard.ts';
import { readLines, type OutputLine } from './output-lines.ts';
import { toRateLimit } from './rate-limits.ts';
import { cutBefore } from './rewind.ts';
import { changeSettings, LATCH, UNLATCHED, type AppliedSettings, type TurnSettings } from './turn-settings.ts';

/** An answer that is to be stopped goes on until then. */
const CUT_TIMEOUT_MS = 3_000;

export class CliProcess {
  readonly child: Child;
  readonly calls = new SuspendedCalls();
  readonly ready: Promise<SDKControlInitializeResponse>;
  readonly ended: Promise<End>;
  readonly controlTimeoutMs: number;
  readonly control: ControlChannel;
  readonly #query: Query;
  readonly #input: Connection['input'];
  readonly #limit: Connection['limit'];
  readonly #guard: Guard;
  /** Answered calls whose result the CLI has not yet shown to have taken. */
  readonly #untaken = new Map<string, () => void>();
  #applied: AppliedSettings;
  #prompt: string | undefined;
  #configured: Promise<unknown> = Promise.resolve();
  /**
   * Resolves once the CLI has listed the tools of the newest server: replaced before that, the next turn would never
   * begin.
   */
  #listed: Promise<void> = Promise.resolve();
  #listener: Listener | undefined;
  #end: End | undefined;
  /** Id of the newest user message in the conversation, ours or the CLI's. */
  newestUserMessage: string | undefined;

  constructor({ query, input, child, limit, controlTimeoutMs, prompt, model }: Connection) {
    this.#query = query;
    this.#input = input;
    this.#limit = limit;
    this.#prompt = prompt;
    this.#applied = { settings: model === undefined ? {} : { model }, offered: [], serial: 0, latched: false };
    this.controlTimeoutMs = controlTimeoutMs;
    this.child = child;
    this.ended = child.ended;
    this.#guard = new Guard(child, controlTimeoutMs);
    this.control = new ControlChannel((line) => void child.process.stdin.write(line));
    readLines(child.process.stdout, (line) => this.#take(line));
    this.ready = this.#guard.inTime(query.initializationResult());
    this.ready.catch(() => undefined);
    void this.#drain();
    void this.ended.then((end) => {
      this.#end = end;
      this.#listener?.ended(end);
    });
  }

  get prompt(): string | undefined {
    return this.#prompt;
  }

  get model(): string {
    return this.#applied.settings.model ?? '';
  }

  get offeredTools(): readonly string[] {
    return this.#applied.offered;
  }

  /** From now on messages and the end go to `listener` alone; an end that has been is told at once. */
  listen(listener: Listener): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener.ended(this.#end);
  }

  /** Whether this CLI can cut conversations. */
  async canRewind(): Promise<boolean> {
    await this.ready;
    const reply = await this.#request({ subtype: 'rewind_conversation', target_message_uuid: randomUUID() });
    return reply.ok && reply.response['rewound'] === false && reply.response['reason'] === 'target_not_found';
  }

  /**
   * Brings the process to `settings`; only what differs costs a call. One after the other: each builds on what the last
   * one applied.
   */
  configure(settings: TurnSettings, suspended: boolean): Promise<void> {
    return this.#next(() => this.#apply(settings, suspended));
  }

  /** Gives the process a system prompt, from the next turn on. The model is the one that was set before. */
  async setPrompt(prompt: string): Promise<void> {
    if (this.#prompt === prompt) return;
    const model = this.model;
    const request = { subtype: 'set_model', model, system_prompt: prompt, only_if_model_is_current: true };
    const reply = await this.#request(request);
    if (!reply.ok) throw this.#guard.refused(reply.code);
    this.#prompt = prompt;
  }

  /** Keeps the CLI from asking the API again by itself before the next settings. */
  latch(): void {
    if (this.#applied.latched) return;
    this.#applied = { ...this.#applied, latched: true };
    this.#guard.inTime(this.#query.applyFlagSettings(LATCH)).catch(() => undefined);
  }

  /** Ahead of results for waiting calls, which lead to a request. */
  unlatch(): void {
    if (!this.#applied.latched) return;
    this.#next(async () => {
      await this.#guard.inTime(this.#query.applyFlagSettings({ env: UNLATCHED }));
      this.#applied = { ...this.#applied, latched: false };
    }).catch(() => undefined);
  }

  /**
   * Cuts the conversation before the user message `target`, also in the middle of a turn, which it stops. `newest` is
   * the newest user message that then remains. Throws where the CLI refuses, and where it takes too long.
   */
  async rewind(target: string, newest: string | undefined): Promise<void> {
    const cutting = cutBefore(
      (request) => this.control.request(request),
      target,
      () => this.newestUserMessage,
    );
    const refusal = await this.#guard.inTime(cutting, Math.min(CUT_TIMEOUT_MS, this.controlTimeoutMs));
    if (refusal !== undefined) throw this.#guard.refused(refusal);
    this.newestUserMessage = newest;
    this.calls.forget();
  }

  /**
   * Appends messages without a request. A user message is acknowledged by a `result` before the next one is sent: else
   * the order breaks.
   */
  async append(exchange: Exchange, id: string): Promise<void> {
    if (exchange.role === 'assistant') {
      this.#send('assistant', { message: wholeAnswer(exchange.content, { id, model: this.model }) });
      return;
    }
    const acknowledged = this.#nextResult();
    this.#sendUser(exchange, id, { shouldQuery: false });
    await this.#guard.inTime(acknowledged);
  }

  /** Asks the model; what happens goes to the listener. */
  ask(turn: Exchange, id: string): void {
    this.#sendUser(turn, id, {});
  }

  /** Answers waiting calls one by one: the CLI keeps results in the order in which they complete. */
  async answer(results: ReadonlyMap<string, McpResult>): Promise<void> {
    for (const [id, result] of results) {
      const taken = Promise.withResolvers<void>();
      this.#untaken.set(id, taken.resolve);
      this.calls.answer(id, result);
      await Promise.race([taken.promise, this.ended]);
      this.#untaken.delete(id);
    }
  }

  /** Offers tools with all of their definition, to be counted. */
  offer(tools: readonly OfferedTool[]): Promise<void> {
    return this.#next(async () => {
      await this.#serve(`t${this.#applied.serial + 1}`, tools);
      this.#applied = { ...this.#applied, offered: [], serial: this.#applied.serial + 1 };
    });
  }

  /** Tokens of what the process holds, by category: by the API's own count, or estimated (`summary`). */
  contextUsage(detail: 'full' | 'summary'): Promise<SDKControlGetContextUsageResponse> {
    return this.#guard.inTime(this.#query.getContextUsage({ detail }));
  }

  kill(reason: EndReason): void {
    this.child.kill(reason);
  }

  async end(reason: EndReason): Promise<void> {
    await this.child.end(reason);
  }

  async #apply(settings: TurnSettings, suspended: boolean): Promise<void> {
    const { flags, thinkingTokens, tools } = changeSettings(this.#applied, settings, suspended);
    const work: Promise<unknown>[] = [];
    if (flags !== undefined) work.push(this.#guard.inTime(this.#query.applyFlagSettings(flags)));
    // Documented as deprecated for models with adaptive thinking, and the one way to change it on a live process.
    if (thinkingTokens !== undefined) work.push(this.#guard.inTime(this.#query.setMaxThinkingTokens(thinkingTokens)));
    if (tools !== undefined) work.push(this.#serve(tools.server, namedOnly(tools.names)));
    await Promise.all(work);
    this.#applied = {
      settings,
      offered: tools?.names ?? this.offeredTools,
      serial: this.#applied.serial + (tools === undefined ? 0 : 1),
      latched: false,
    };
  }

  async #serve(name: string, tools: readonly OfferedTool[]): Promise<void> {
    await this.#guard.inTime(this.#listed);
    const listed = Promise.withResolvers<void>();
    this.#listed = listed.promise;
    const server = toolServer({ name, tools, calls: this.calls, listed: listed.resolve });
    await this.#guard.inTime(this.#query.setMcpServers({ [name]: server }));
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#configured.then(work);
    this.#configured = done.catch(() => undefined);
    return done;
  }

  #sendUser({ role, content }: Exchange, id: string, extra: { shouldQuery?: false }): void {
    this.#send('user', { message: { role, content }, uuid: id, ...extra });
    this.newestUserMessage = id;
  }

  #send(type: 'user' | 'assistant', rest: object): void {
    // The CLI takes assistant messages on the same input, which the SDK's type does not say.
    const message = { type, parent_tool_use_id: null, ...rest };
    try {
      this.#input.enqueue(message as unknown as SDKUserMessage);
    } catch (cause) {
      // The SDK has stopped reading our side, as it does when the process is gone.
      this.kill('failed');
      throw this.#end === undefined
        ? new TurnError('engine_died', 'Claude Code takes no more input.', { cause })
        : errorOfEnd(this.#end);
    }
  }

  #nextResult(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.listen({
      message: (message) => {
        if (message.type === 'result') resolve();
      },
      ended: (end) => reject(errorOfEnd(end)),
    });
    promise.catch(() => undefined);
    return promise;
  }

  #take(line: OutputLine): void {
    try {
      if (line.type === 'control_response') this.control.take(line);
      else this.#message(line);
    } catch {
      // A line of an unknown form: what the process holds is no longer known, so it ends.
      this.kill('failed');
    }
  }

  #message(message: SDKMessage): void {
    if (message.type === 'user') {
      this.newestUserMessage = message.uuid ?? this.newestUserMessage;
      for (const id of answeredCalls(message.message.content)) this.#untaken.get(id)?.();
    }
    if (message.type === 'rate_limit_event') this.#limit(toRateLimit(message.rate_limit_info));
    this.#listener?.message(message);
  }

  /**
   * The SDK's own reading: its messages are taken from the output as they are, in order with the answers to our
   * requests.
   */
  async #drain(): Promise<void> {
    try {
      for await (const _ of this.#query);
    } catch {
      // The SDK throws for a process that ended, which `ended` reports, and for output it cannot read.
    }
    await this.child.mustEnd();
  }

  #request(request: { readonly subtype: string; readonly [member: string]: unknown }): Promise<ControlReply> {
    return this.#guard.inTime(this.control.request(request));
  }
}
