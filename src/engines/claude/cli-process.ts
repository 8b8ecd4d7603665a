/**
 * One live Claude Code process, driven through the Agent SDK: settings, history and turns go in,
 * SDK messages come out to whoever listens. It knows nothing of HTTP, matching or pools.
 */
import {
  query,
  type Options,
  type Query,
  type SDKControlGetContextUsageResponse,
  type SDKControlInitializeResponse,
  type SDKMessage,
  type SDKUserMessage,
  type SpawnedProcess,
} from '@anthropic-ai/claude-agent-sdk';
import { TurnError } from '../../turn/errors.ts';
import type { RateLimit } from '../../turn/events.ts';
import type { Child, End, EndReason, SpawnRecipe } from './child.ts';
import { SuspendedCalls, toolServer, type OfferedTool } from './client-tools.ts';
import { errorOfEnd } from './failures.ts';
import type { Exchange } from './history.ts';
import { toRateLimit } from './limits.ts';
import { changeSettings, type AppliedSettings, type LiveSettings } from './settings.ts';
import type { McpResult } from './tool-results.ts';

type Input = ReadableStreamDefaultController<SDKUserMessage>;

interface Spawned {
  readonly child: Child;
  readonly recipe: SpawnRecipe;
}

export interface Listener {
  message(message: SDKMessage): void;
  ended(end: End): void;
}

export interface Start {
  readonly spawn: (recipe: SpawnRecipe) => Child;
  /** Called with each word of the API about the account's limits; most come after an answer. */
  readonly limit: (limit: RateLimit) => void;
  /** A child spawned before by the same recipe, which waits for its `initialize`. */
  readonly ahead?: Child | undefined;
  /** Time for the process to answer `initialize` or a control call; a healthy one needs 0.1 s, a cold one under load a few. */
  readonly controlTimeoutMs: number;
}

export class CliProcess {
  readonly child: Child;
  readonly calls = new SuspendedCalls();
  readonly ready: Promise<SDKControlInitializeResponse>;
  readonly ended: Promise<End>;
  /** How this process was spawned, so that more like it can be spawned ahead. */
  readonly recipe: SpawnRecipe;
  /** Answered calls whose result the CLI has not yet shown to have taken. */
  readonly #untaken = new Map<string, () => void>();
  readonly #query: Query;
  readonly #input: Input;
  readonly #limit: Start['limit'];
  #applied: AppliedSettings | undefined;
  readonly controlTimeoutMs: number;
  #configured: Promise<unknown> = Promise.resolve();
  #listener: Listener | undefined;
  #end: End | undefined;
  readonly #calling = new Set<(end: End) => void>();

  static async start(options: Options, { spawn, limit, ahead, controlTimeoutMs }: Start): Promise<CliProcess> {
    const spawned = Promise.withResolvers<Spawned>();
    const { stream, controller } = inputStream();
    const cli = query({
      prompt: stream,
      options: {
        ...options,
        spawnClaudeCodeProcess: ({ command, args, cwd, env }): SpawnedProcess => {
          const recipe = {
            command,
            args,
            cwd: cwd ?? options.cwd ?? '/',
            env: definedOnly(env),
            ...ownDir(options.env, env),
          };
          try {
            const child = ahead ?? spawn(recipe);
            spawned.resolve({ child, recipe });
            return child.process;
          } catch (error) {
            spawned.reject(error);
            throw error;
          }
        },
      },
    });
    // A store to resume from is read before the spawn; whatever fails until then fails this.
    const initialized = cli.initializationResult();
    initialized.catch((cause: unknown) =>
      spawned.reject(new TurnError('engine_unavailable', 'Claude Code could not be started.', { cause })),
    );
    const process = new CliProcess(cli, controller, { ...(await spawned.promise), limit, controlTimeoutMs });
    if (options.model !== undefined) process.#applied = { settings: { model: options.model }, offered: [], serial: 0 };
    return process;
  }

  private constructor(
    cli: Query,
    input: Input,
    { child, recipe, limit, controlTimeoutMs }: Spawned & Pick<Start, 'limit' | 'controlTimeoutMs'>,
  ) {
    this.#query = cli;
    this.#input = input;
    this.controlTimeoutMs = controlTimeoutMs;
    this.#limit = limit;
    this.child = child;
    this.recipe = recipe;
    this.ended = child.ended;
    this.ready = this.#inTime(cli.initializationResult());
    this.ready.catch(() => undefined);
    void this.#read();
    void this.ended.then((end) => {
      this.#end = end;
      for (const fail of this.#calling) fail(end);
      this.#listener?.ended(end);
    });
  }

  get offeredTools(): readonly string[] {
    return this.#applied?.offered ?? [];
  }

  /** From now on messages and the end go to `listener` alone; an end that has been is told at once. */
  listen(listener: Listener): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener.ended(this.#end);
  }

  /** Brings the process to `settings`; only what differs costs a call. One after the other: each builds on what the last one applied. */
  configure(settings: LiveSettings, suspended: boolean): Promise<void> {
    const configured = this.#configured.then(() => this.#apply(settings, suspended));
    this.#configured = configured.catch(() => undefined);
    return configured;
  }

  async #apply(settings: LiveSettings, suspended: boolean): Promise<void> {
    const { flags, thinkingTokens, tools } = changeSettings(this.#applied, settings, suspended);
    const work: Promise<unknown>[] = [];
    if (flags !== undefined) work.push(this.#query.applyFlagSettings(flags));
    // Documented as deprecated for models with adaptive thinking, and the one way to change it on a live process.
    if (thinkingTokens !== undefined) work.push(this.#query.setMaxThinkingTokens(thinkingTokens));
    if (tools !== undefined)
      work.push(
        this.#query.setMcpServers({
          [tools.server]: toolServer(
            tools.server,
            tools.names.map((name) => ({ name })),
            this.calls,
          ),
        }),
      );
    if (work.length > 0) await this.#inTime(Promise.all(work));
    this.#applied = {
      settings,
      offered: tools?.names ?? this.offeredTools,
      serial: (this.#applied?.serial ?? 0) + (tools === undefined ? 0 : 1),
    };
  }

  /** Appends messages without a request. Each user message is acknowledged by a `result` before the next is sent: else the order breaks. */
  async append(history: readonly Exchange[]): Promise<void> {
    for (const exchange of history) {
      if (exchange.role === 'assistant') this.#send(exchange);
      else {
        const acknowledged = this.#nextResult();
        this.#send(exchange, { shouldQuery: false });
        await this.#inTime(acknowledged);
      }
    }
  }

  /** Asks the model; what happens goes to the listener. */
  ask(turn: Exchange): void {
    this.#send(turn);
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
  async offer(server: string, tools: readonly OfferedTool[]): Promise<void> {
    await this.#inTime(this.#query.setMcpServers({ [server]: toolServer(server, tools, this.calls) }));
  }

  /** Tokens of what the process holds, by category, by the API's own count. */
  contextUsage(): Promise<SDKControlGetContextUsageResponse> {
    return this.#inTime(this.#query.getContextUsage());
  }

  kill(reason: EndReason): void {
    this.child.kill(reason);
  }

  async end(reason: EndReason): Promise<void> {
    await this.child.end(reason);
  }

  #send({ role, content }: Exchange, extra: Partial<SDKUserMessage> = {}): void {
    // The CLI takes assistant messages on the same input, which the SDK's type does not say.
    const message = { type: role, message: { role, content }, parent_tool_use_id: null, ...extra };
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

  async #read(): Promise<void> {
    try {
      for await (const message of this.#query) {
        if (message.type === 'user') this.#noteTaken(message.message.content);
        if (message.type === 'rate_limit_event') this.#limit(toRateLimit(message.rate_limit_info));
        this.#listener?.message(message);
      }
    } catch {
      // The SDK throws for a process that ended, which `ended` reports, and for output it cannot read.
    }
    await this.child.mustEnd();
  }

  #noteTaken(content: unknown): void {
    if (!Array.isArray(content)) return;
    for (const block of content as { type: string; tool_use_id?: string }[]) {
      if (block.type === 'tool_result' && block.tool_use_id !== undefined) this.#untaken.get(block.tool_use_id)?.();
    }
  }

  /** A call to the process ends with the process, and hangs no longer than the limit. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const failed = Promise.withResolvers<never>();
    const fail = (end: End): void => failed.reject(errorOfEnd(end));
    const timer = setTimeout(() => {
      this.kill('hung');
      fail({ reason: 'hung', code: null, signal: null });
    }, this.controlTimeoutMs);
    if (this.#end !== undefined) fail(this.#end);
    this.#calling.add(fail);
    work.catch(() => undefined);
    try {
      return await Promise.race([work, failed.promise]);
    } catch (error) {
      // The SDK notices the end of a process in its own words, a moment before or after we do.
      if (error instanceof TurnError) throw error;
      throw await this.#explain(error);
    } finally {
      clearTimeout(timer);
      this.#calling.delete(fail);
    }
  }

  async #explain(cause: unknown): Promise<TurnError> {
    if (await this.child.endsSoon()) return errorOfEnd(await this.ended);
    this.kill('failed');
    return new TurnError('engine_died', 'Claude Code refused a control call.', { cause });
  }
}

/** The SDK makes a folder with a copy of the login for a process that resumes; it must not outlive the process. */
const ownDir = (given: Options['env'], used: Options['env']): Pick<SpawnRecipe, 'ownDir'> => {
  const dir = used?.['CLAUDE_CONFIG_DIR'];
  return dir === undefined || dir === given?.['CLAUDE_CONFIG_DIR'] ? {} : { ownDir: dir };
};

const definedOnly = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

const inputStream = (): { stream: ReadableStream<SDKUserMessage>; controller: Input } => {
  let controller: Input | undefined;
  const stream = new ReadableStream<SDKUserMessage>({ start: (given) => void (controller = given) });
  if (controller === undefined) throw new TypeError('A ReadableStream calls start at once.');
  return { stream, controller };
};
