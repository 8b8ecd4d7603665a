/** The documented options that make Claude Code a plain engine: nothing of the host reaches the model. Pure. */
import type { Options } from '@anthropic-ai/claude-agent-sdk';

export interface ClaudeHost {
  /** Credentials and where they lie (`CLAUDE_CONFIG_DIR`, `HOME`), base URL, proxies. Replaces the whole environment. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** An empty folder with a neutral name: the CLI may tell the model where it runs. */
  readonly workDir: string;
  /** `api-key` allows the mode in which the CLI adds nothing to the user's messages; logins do not. */
  readonly credentialKind: 'api-key' | 'subscription';
  /** Upstream retries that the CLI may make before it gives up. */
  readonly maxRetries: number;
  /** Another executable in place of the one the SDK ships. */
  readonly executable?: string;
}

export interface EngineLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ClaudeEngineOptions extends Omit<ClaudeHost, 'maxRetries'> {
  /** Where the notes of running children are kept. */
  readonly stateDir: string;
  readonly log: EngineLog;
  readonly maxRetries?: number;
  /** Default: by memory. */
  readonly maxProcesses?: number;
  readonly idleTtlMs?: number;
  readonly suspendTtlMs?: number;
  /** How long a conversation is left alone before a spare may take its place; default 60,000. */
  readonly quietMs?: number;
  /** Children that wait, spawned, for the next new conversation; default 1. */
  readonly spares?: number;
  /** How long a process may take to answer `initialize` or a control call before it counts as hung; default 30,000. */
  readonly controlTimeoutMs?: number;
}

export const childEnv = (host: ClaudeHost): Record<string, string> => ({
  ...host.childEnv,
  ...(host.credentialKind === 'api-key' && { CLAUDE_CODE_SIMPLE: '1' }),
  CLAUDE_CODE_MAX_RETRIES: String(host.maxRetries),
  // Nothing but the turn's own request leaves the process.
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  // An answer is what the API said: no second attempt with other words, another model or a shorter history.
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: '1',
  CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
  DISABLE_COMPACT: '1',
  // Not the CLI's estimate but the API says when a conversation is too long. Counts only beside DISABLE_COMPACT.
  CLAUDE_CODE_MAX_CONTEXT_TOKENS: '100000000',
  // The client's tools: exact names, all of them listed, calls that may wait for days.
  CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',
  ENABLE_TOOL_SEARCH: 'false',
  MAX_MCP_OUTPUT_TOKENS: '10000000',
  MCP_TOOL_TIMEOUT: '1000000000',
});

/** Options of a process for one system prompt. `resume` names a conversation of `sessionStore`. */
export const cliOptions = (
  host: ClaudeHost,
  systemPrompt: string,
  resume?: Pick<Options, 'resume' | 'sessionStore' | 'model'>,
): Options => ({
  systemPrompt,
  cwd: host.workDir,
  env: childEnv(host),
  ...(host.executable !== undefined && { pathToClaudeCodeExecutable: host.executable }),
  tools: [],
  settingSources: [],
  strictMcpConfig: true,
  permissionMode: 'dontAsk',
  includePartialMessages: true,
  verbatimPrompts: true,
  persistSession: resume !== undefined,
  ...resume,
});
