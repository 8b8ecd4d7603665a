/** An engine in this very process, without HTTP: what the engine itself costs. */
import { join } from 'node:path';
import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { Child, SpawnRecipe } from '../../src/engines/claude/process/child/child.ts';
import type { CliProcess } from '../../src/engines/claude/process/control/cli-process.ts';
import { startCli as start } from '../../src/engines/claude/process/control/start-cli.ts';
import { createApiEngine } from '../../src/engines/api/engine.ts';
import { createClaudeEngine, type ClaudeEngineOptions } from '../../src/engines/claude/engine.ts';
import type { Engine } from '../../src/turn/engine.ts';
import type { TurnRequest } from '../../src/turn/turn.ts';
import { isStreamEvent } from '../../src/turn/events.ts';
import { MessageFold } from '../../src/turn/fold.ts';
import type { Reply } from './client.ts';
import { temporaryFolder, type Hosted } from './host.ts';

export interface EngineInProcess extends AsyncDisposable {
  readonly send: (request: TurnRequest) => Promise<Reply>;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Options of an engine whose children talk to `upstream` and keep everything below `dir`. */
export const engineOptions = (upstream: Pick<Hosted, 'url'>, dir: string): ClaudeEngineOptions => ({
  childEnv: {
    PATH: process.env['PATH'] ?? '',
    HOME: dir,
    CLAUDE_CONFIG_DIR: join(dir, 'claude'),
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'bench',
  },
  workDir: join(dir, 'work'),
  stateDir: join(dir, 'state'),
  credentialKind: 'api-key',
  log: silent,
});

export const claudeInProcess = (upstream: Hosted): EngineInProcess => {
  const dir = temporaryFolder();
  return inProcess(createClaudeEngine(engineOptions(upstream, dir.path)), () => dir[Symbol.dispose]());
};

export const apiInProcess = (upstream: Hosted): EngineInProcess =>
  inProcess(createApiEngine({ apiKey: 'bench', baseUrl: upstream.url }));

const inProcess = (engine: Engine, clear: () => void = () => undefined): EngineInProcess => {
  let turns = 0;
  const send = async (request: TurnRequest): Promise<Reply> => {
    const begun = performance.now();
    const fold = new MessageFold();
    let firstTokenMs = Number.NaN;
    for await (const event of engine.run(
      { id: `bench_${++turns}`, owner: 'bench', betas: [], request },
      new AbortController().signal,
    )) {
      if (!isStreamEvent(event)) continue;
      if (event.type === 'content_block_delta' && Number.isNaN(firstTokenMs)) firstTokenMs = performance.now() - begun;
      fold.add(event);
    }
    return {
      firstTokenMs,
      totalMs: performance.now() - begun,
      longestGapMs: Number.NaN,
      content: fold.message().content,
    };
  };
  return {
    send,
    async [Symbol.asyncDispose]() {
      await engine.close();
      clear();
    },
  };
};

export type Spawn = (recipe: SpawnRecipe) => Child;

/** One process as the engine starts it. */
export const startCli = (options: Options, spawn: Spawn): Promise<CliProcess> =>
  start(options, { spawn, limit: () => undefined, controlTimeoutMs: 60_000 });
