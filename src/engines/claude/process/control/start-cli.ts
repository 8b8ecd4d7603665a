/** Starts a process: the Agent SDK composes the command line, the child is spawned by us. */
import { query, type Options, type SDKUserMessage, type SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import { TurnError } from '../../../../turn/errors.ts';
import type { RateLimit } from '../../../../turn/events.ts';
import type { Child, SpawnRecipe } from '../child/child.ts';
import { CliProcess } from './cli-process.ts';

export interface Start {
  readonly spawn: (recipe: SpawnRecipe) => Child;
  /** Called with each word of the API about the account's limits; most come after an answer. */
  readonly limit: (limit: RateLimit) => void;
  /**
   * Time for the process to answer `initialize` or a control call; a healthy one needs 0.1 s, a cold one under load a
   * few.
   */
  readonly controlTimeoutMs: number;
}

/** Resolves once the child is spawned; `ready` tells when it has answered. Throws `engine_unavailable`. */
export const startCli = async (options: Options, { spawn, limit, controlTimeoutMs }: Start): Promise<CliProcess> => {
  const spawned = Promise.withResolvers<Child>();
  // The SDK may throw at once what also rejects this, and then nobody waits for it.
  spawned.promise.catch(() => undefined);
  const { stream, controller } = inputStream();
  const cli = query({
    prompt: stream,
    options: {
      ...options,
      spawnClaudeCodeProcess: ({ command, args, cwd, env }): SpawnedProcess => {
        const dir = cwd ?? options.cwd ?? '/';
        try {
          const child = spawn({ command, args, cwd: dir, env: definedOnly(env), ...ownDir(options.env, env) });
          spawned.resolve(child);
          return child.process;
        } catch (error) {
          spawned.reject(error);
          throw error;
        }
      },
    },
  });
  // A store to resume from is read before the spawn; whatever fails until then fails this.
  cli
    .initializationResult()
    .catch((cause: unknown) =>
      spawned.reject(new TurnError('engine_unavailable', 'Claude Code could not be started.', { cause })),
    );
  const child = await spawned.promise;
  const prompt = promptOf(options.systemPrompt);
  return new CliProcess({
    query: cli,
    input: controller,
    child,
    limit,
    controlTimeoutMs,
    prompt,
    model: options.model,
  });
};

const promptOf = (given: Options['systemPrompt']): string | undefined =>
  typeof given === 'object' && !Array.isArray(given) && given.type === 'custom' && given.prompt !== ''
    ? String(given.prompt)
    : undefined;

/** The SDK makes a folder with a copy of the login for a process that resumes; it must not outlive the process. */
const ownDir = (given: Options['env'], used: Options['env']): Pick<SpawnRecipe, 'ownDir'> => {
  const dir = used?.['CLAUDE_CONFIG_DIR'];
  return dir === undefined || dir === given?.['CLAUDE_CONFIG_DIR'] ? {} : { ownDir: dir };
};

const definedOnly = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

const inputStream = (): {
  stream: ReadableStream<SDKUserMessage>;
  controller: ReadableStreamDefaultController<SDKUserMessage>;
} => {
  let controller: ReadableStreamDefaultController<SDKUserMessage> | undefined;
  const stream = new ReadableStream<SDKUserMessage>({ start: (given) => void (controller = given) });
  if (controller === undefined) throw new TypeError('A ReadableStream calls start at once.');
  return { stream, controller };
};
