/**
 * A request's parameters as settings of a live process, and the control calls that take a process
 * from the settings it has to the ones a turn needs. Pure.
 */
import { abilitiesOf } from '../../../../models/catalog.ts';
import { isClientTool, type TurnRequest } from '../../../../turn/turn.ts';

type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface TurnSettings {
  readonly model: string;
  readonly effort: Effort | null;
  /** Budget for models that take one; 0 is off; null leaves it to the model (adaptive). */
  readonly thinkingTokens: number | null;
  /** JSON merged into each request body: parameters, output format and tool definitions, never messages. */
  readonly extraBody: string;
  /** Names of the tools the in-process server must offer, sorted. */
  readonly toolNames: readonly string[];
  /** What the caller allows the answer to have. */
  readonly maxTokens: number;
}

/** Parameters that are the same in the Messages API and in the body Claude Code sends. */
const PASSED = [
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tool_choice',
  'service_tier',
  'context_management',
] as const;

/** With a login, Claude Code's own `metadata` stays what it is. */
export const toTurnSettings = (
  request: TurnRequest,
  credentialKind: 'api-key' | 'subscription' = 'api-key',
): TurnSettings => {
  const given = request as unknown as Record<string, unknown>;
  const { thinking, output_config, max_tokens, tools = [] } = request;
  const body: Record<string, unknown> = { max_tokens };
  for (const name of PASSED) if (given[name] !== undefined && given[name] !== null) body[name] = given[name];
  if (request.metadata !== undefined && credentialKind === 'api-key') body['metadata'] = request.metadata;
  const alone = topPAlone(request);
  if (alone || isForcedUnthinking(request)) body['thinking'] = { type: 'disabled' };
  else if (thinking !== undefined) body['thinking'] = thinking;
  // Claude Code asks to keep old thinking; with thinking off the API refuses that edit.
  if ((body['thinking'] as { type?: string } | undefined)?.type === 'disabled')
    body['context_management'] ??= { edits: [] };
  if (output_config !== undefined) body['output_config'] = output_config;
  // Also when there are none: a process may still offer the tools of an earlier turn.
  body['tools'] = tools.map(withoutBreakpoint);
  return {
    model: request.model,
    effort: output_config?.effort ?? null,
    thinkingTokens: alone ? 1024 : thinkingTokens(thinking),
    extraBody: JSON.stringify(body),
    // Tools of the API run there: nobody here is called for them.
    toolNames: [...new Set(tools.filter(isClientTool).map((tool) => tool.name))].toSorted(),
    maxTokens: max_tokens,
  };
};

/**
 * To a request without thinking Claude Code adds a temperature, which the API refuses beside top_p. It adds none where
 * it believes that thinking is on; what is sent says that it is off.
 */
const topPAlone = ({ top_p, temperature, thinking }: TurnRequest): boolean =>
  typeof top_p === 'number' && temperature === undefined && (thinking === undefined || thinking.type === 'disabled');

/**
 * Where the caller leaves thinking to the model, Claude Code asks newer ones for it; beside a forced call the API
 * refuses that.
 */
const isForcedUnthinking = ({ model, thinking, tool_choice: choice }: TurnRequest): boolean => {
  const abilities = abilitiesOf(model);
  return (
    (choice?.type === 'any' || choice?.type === 'tool') &&
    thinking === undefined &&
    abilities.thinking === 'adaptive' &&
    abilities.thinkingOff
  );
};

const thinkingTokens = (thinking: TurnRequest['thinking']): number | null => {
  if (thinking === undefined || thinking.type === 'disabled') return 0;
  return thinking.type === 'enabled' ? thinking.budget_tokens : null;
};

/** Claude Code sets its own breakpoints, and four is the API's limit. */
const withoutBreakpoint = <T extends { cache_control?: unknown }>({
  cache_control: _,
  ...tool
}: T): Omit<T, 'cache_control'> => tool;

/** The calls to make; an absent member needs no call. */
export interface SettingsChange {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly thinkingTokens?: number | null;
  /** A new server must offer these; `server` is its name, never used before in this process. */
  readonly tools?: { readonly server: string; readonly names: readonly string[] };
}

export interface AppliedSettings {
  readonly settings: Partial<TurnSettings>;
  readonly offered: readonly string[];
  readonly serial: number;
  /** Whether the process may not ask the API again (`LATCH`). */
  readonly latched: boolean;
}

/**
 * Set while an answer comes, this keeps Claude Code from asking the API a second time by itself (after `max_tokens`,
 * say):
 * it takes every further request of the turn for too long, and sends none.
 */
export const LATCH = { env: { CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: '1' } } as const;
export const UNLATCHED = { CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: '' } as const;

/**
 * What to change. Offered tools may stay a superset of what a turn names: the model only sees the
 * definitions in the extra body. A server is never replaced while calls wait (`suspended`): that would close them.
 */
export const changeSettings = (
  now: AppliedSettings | undefined,
  wanted: TurnSettings,
  suspended: boolean,
): SettingsChange => {
  const had = now?.settings;
  const flags: Record<string, unknown> = {};
  if (had?.model !== wanted.model) flags['model'] = wanted.model;
  if ((had?.effort ?? null) !== wanted.effort) flags['effortLevel'] = wanted.effort;
  const env = {
    ...(had?.extraBody !== wanted.extraBody && { CLAUDE_CODE_EXTRA_BODY: wanted.extraBody }),
    ...(now?.latched === true && UNLATCHED),
  };
  if (Object.keys(env).length > 0) flags['env'] = env;
  const offered = new Set(now?.offered);
  const missing = wanted.toolNames.some((name) => !offered.has(name));
  const names = namesToOffer(offered, wanted.toolNames);
  const tools = missing && !suspended ? { server: `t${(now?.serial ?? 0) + 1}`, names } : undefined;
  if (tools !== undefined) flags['permissions'] = { allow: [`mcp__${tools.server}`] };
  return {
    ...(Object.keys(flags).length > 0 && { flags }),
    ...(had?.thinkingTokens !== wanted.thinkingTokens && { thinkingTokens: wanted.thinkingTokens }),
    ...(tools !== undefined && { tools }),
  };
};

/** A new server costs as much CPU time as half a turn, a name that nobody needs a hundredth of that. */
const MOST_NAMES = 64;

/** Clients that take turns on one process, with other tools each, need no new server each time. */
const namesToOffer = (offered: ReadonlySet<string>, wanted: readonly string[]): readonly string[] => {
  const all = offered.union(new Set(wanted));
  return all.size > MOST_NAMES ? wanted : [...all].toSorted();
};
