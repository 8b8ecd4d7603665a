/** The documented options that make Claude Code a plain engine: nothing of the host reaches the model. Pure. */
import { join } from 'node:path';
import type { Options } from '@anthropic-ai/claude-agent-sdk';

export interface ClaudeHost {
  /**
   * Credentials and where they lie (`CLAUDE_CONFIG_DIR`, `HOME`), base URL, proxies. Replaces the whole environment.
   */
  readonly childEnv: Readonly<Record<string, string>>;
  /** Holds the empty folder that the CLI runs in. */
  readonly workDir: string;
  /** `api-key` allows the mode in which the CLI adds nothing to the user's messages; logins do not. */
  readonly credentialKind: 'api-key' | 'subscription';
  /** Upstream retries that the CLI may make before it gives up. */
  readonly maxRetries: number;
  /** Another executable in place of the one the SDK ships. */
  readonly executable?: string;
}

/**
 * Where the CLI runs, below `workDir`. With a login it tells the model this path, beside what the client's own agent
 * says of its workspace: the name says which of them counts.
 */
export const folderOf = ({ workDir }: Pick<ClaudeHost, 'workDir'>): string =>
  join(workDir, 'files-are-on-the-clients-machine');

const childEnv = (host: ClaudeHost): Record<string, string> => ({
  ...host.childEnv,
  ...(host.credentialKind === 'api-key' && { CLAUDE_CODE_SIMPLE: '1' }),
  CLAUDE_CODE_MAX_RETRIES: String(host.maxRetries),
  // Nothing leaves the process but the turn's own request, and that for the usage of the plan when it is asked.
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

/**
 * Options of a process. Without a system prompt it can be given one later; with one, it can be given another, because
 * the CLI is told not to record the one it begins with. `resume` names a conversation of `sessionStore`.
 */
export const cliOptions = (
  host: ClaudeHost,
  systemPrompt = '',
  resume?: Pick<Options, 'resume' | 'sessionStore' | 'model'>,
): Options => ({
  systemPrompt: { type: 'custom', prompt: systemPrompt, snapshot: false },
  cwd: folderOf(host),
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
