/** A Claude engine with the real CLI against a demo upstream of its own, in folders of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Anthropic from '@anthropic-ai/sdk';
import type { DemoAnswer, DemoRequestBody } from '../../../src/demo/answer.ts';
import { startDemoUpstream, type DemoUpstream } from '../../../src/demo/upstream.ts';
import { createClaudeEngine, type ClaudeEngine, type ClaudeEngineOptions } from '../../../src/engines/claude/engine.ts';
import { isStreamEvent, type TurnEvent } from '../../../src/turn/events.ts';
import { MessageFold } from '../../../src/turn/fold.ts';
import type { AnswerMessage, Message, Turn, TurnRequest } from '../../../src/turn/turn.ts';

export const MODEL = 'claude-sonnet-4-5-20250929';

/** With a CLI that can cut conversations, and the documented way for one that cannot. Both must pass the same suites. */
export const ways = [
  { way: 'universal processes', recycle: true },
  { way: 'one conversation a process', recycle: false },
] as const;

export interface Lab {
  readonly upstream: DemoUpstream;
  readonly engine: ClaudeEngine;
  readonly dir: string;
  readonly log: { level: string; fields: object; message: string }[];
  options(changes?: Partial<ClaudeEngineOptions>): ClaudeEngineOptions;
  /** Closes the engine and starts another, as a restart of the server would. */
  restart(changes?: Partial<ClaudeEngineOptions>): void;
  close(): Promise<void>;
}

export const startLab = async (changes: Partial<ClaudeEngineOptions> = {}): Promise<Lab> => {
  const upstream = await startDemoUpstream();
  const dir = mkdtempSync(join(tmpdir(), 'proxy-lab-'));
  const log: Lab['log'] = [];
  const note = (level: string) => (fields: object, message: string) => void log.push({ level, fields, message });
  const options = (more: Partial<ClaudeEngineOptions> = {}): ClaudeEngineOptions => ({
    childEnv: {
      PATH: process.env['PATH'] ?? '',
      HOME: dir,
      CLAUDE_CONFIG_DIR: join(dir, 'config'),
      ANTHROPIC_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: 'demo',
    },
    workDir: join(dir, 'work'),
    stateDir: join(dir, 'state'),
    credentialKind: 'api-key',
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    ...changes,
    ...more,
  });
  let engine = createClaudeEngine(options());
  return {
    upstream,
    dir,
    log,
    options,
    get engine() {
      return engine;
    },
    restart(more) {
      engine = createClaudeEngine(options(more));
    },
    async close() {
      await engine.close();
      await upstream.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

let turns = 0;

export const turnOf = (request: Partial<TurnRequest> & { messages: Message[] }, owner = 'tester'): Turn => ({
  id: `req_${++turns}`,
  owner,
  betas: [],
  request: { model: MODEL, max_tokens: 1000, ...request },
});

export interface Ran {
  readonly events: readonly TurnEvent[];
  readonly message: AnswerMessage;
  /** How it was served. */
  readonly strategy: string | undefined;
  readonly text: string;
  readonly calls: readonly Anthropic.ToolUseBlock[];
}

/** Runs a turn to its end. */
export const run = async (lab: Lab, turn: Turn, signal: AbortSignal = new AbortController().signal): Promise<Ran> => {
  const events: TurnEvent[] = [];
  const fold = new MessageFold();
  for await (const event of lab.engine.run(turn, signal)) {
    events.push(event);
    if (isStreamEvent(event)) fold.add(event);
  }
  const message = fold.message();
  const notice = events.findLast((event) => event.type === 'notice' && event.notice.kind === 'strategy');
  return {
    events,
    message,
    strategy: notice?.type === 'notice' && notice.notice.kind === 'strategy' ? notice.notice.strategy : undefined,
    text: message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    calls: message.content.filter((block) => block.type === 'tool_use'),
  };
};

/** The messages of the newest upstream request, without Claude Code's cache breakpoints and with texts as blocks. */
export const sentMessages = (lab: Lab): unknown => plain(sentBody(lab)['messages']);

/** The body of the newest upstream request. */
export const sentBody = (lab: Lab): Record<string, unknown> => {
  const request = lab.upstream.messageRequests.at(-1);
  if (request === undefined) throw new Error('nothing reached the upstream');
  return request.body as Record<string, unknown>;
};

/** What is left of messages once their two spellings of text, and cache breakpoints, are made one. */
export const plain = (messages: unknown): unknown =>
  (messages as { role: string; content: unknown }[])
    // Claude Code sets the effort of newer models by system messages without text.
    .filter(({ role, content }) => !(role === 'system' && Array.isArray(content) && content.length === 0))
    .map(({ role, content }) => ({ role, content: blocks(content) }));

const blocks = (content: unknown): unknown =>
  typeof content === 'string'
    ? [{ type: 'text', text: content }]
    : (content as Record<string, unknown>[]).map(({ cache_control: _, caller: _caller, citations, ...block }) => ({
        ...block,
        ...(citations !== null && citations !== undefined && { citations }),
        ...(block['type'] === 'tool_result' && {
          is_error: block['is_error'] ?? false,
          content: blocks(block['content'] ?? []),
        }),
      }));

/** Gives the request that the CLI would make by itself after a cut answer the time that a model takes; others follow their directives. */
export const slowToContinue = (body: DemoRequestBody): DemoAnswer | undefined =>
  /Output token limit hit|had no visible output/.test(JSON.stringify(body.messages.at(-1)))
    ? { content: [{ type: 'text', text: 'invented' }], firstByteDelayMs: 3_000 }
    : undefined;
