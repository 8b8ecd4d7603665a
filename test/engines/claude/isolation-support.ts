/** Random operations of many clients, and what each of them must look like at the upstream. Seeded: CHAOS_SEED=… runs the same choices. */
import type { Message, Tool, TurnRequest } from '../../../src/turn/turn.ts';
import type { Random } from './chaos-support.ts';
import { MODEL, plain } from './support.ts';

const MODELS = [MODEL, 'claude-haiku-4-5-20251001', 'claude-opus-5-5'] as const;
const PROMPTS = ['You are terse.', `You are long-winded. ${'Mind the rules. '.repeat(60)}`, 'Du sprichst Deutsch.'];
const TOOLS: readonly (readonly Tool[])[] = [
  [],
  ['read', 'write'].map((name) => ({ name, description: `Runs ${name}`, input_schema: { type: 'object' } })),
  ['Bash', 'read'].map((name) => ({ name, description: `Other ${name}`, input_schema: { type: 'object' } })),
];

/** The parameters of one request, without its messages. */
export type Parameters = Omit<TurnRequest, 'messages'>;

export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

export const parametersOf = (random: Random): Parameters => {
  const model = pick(random, MODELS);
  // Without one a request needs a process that has never had one: now and then.
  const system = random() < 0.1 ? undefined : pick(random, PROMPTS);
  const tools = pick(random, TOOLS);
  return {
    model,
    max_tokens: 800 + Math.floor(random() * 400),
    ...(system !== undefined && { system }),
    ...(tools.length > 0 && { tools: [...tools] }),
    ...(model !== 'claude-opus-5-5' && random() < 0.5 && { temperature: Math.round(random() * 10) / 10 }),
    ...(model === 'claude-opus-5-5' && { thinking: { type: 'adaptive' as const } }),
    ...(random() < 0.3 && { stop_sequences: [`STOP${Math.floor(random() * 9)}`] }),
    ...(random() < 0.3 && { metadata: { user_id: `user-${Math.floor(random() * 9)}` } }),
  };
};

/** The number of the operation that a request is of: it stands in the newest thing its user said. */
export const operationOf = (messages: readonly Message[]): number | undefined => {
  const last = messages.findLast(({ role }) => role === 'user');
  const found = [...JSON.stringify(last?.content ?? '').matchAll(/op-(\d+)/g)].at(-1);
  return found === undefined ? undefined : Number(found[1]);
};

/** What a fresh process sends for a request, as far as that follows from the request. */
export const expectedBody = (request: TurnRequest): Record<string, unknown> => {
  const { messages, system, tools = [], metadata, ...parameters } = request;
  return {
    ...parameters,
    messages: plain(messages),
    system: system === undefined ? [] : [system],
    tools,
    ...(metadata !== undefined && { metadata }),
    breakpoints: ['messages.-1.-1', 'system.1', ...(system === undefined ? [] : ['system.2'])],
  };
};

/** A request as it arrived, in the same terms. */
export const arrivedBody = (body: Record<string, unknown>, request: TurnRequest): Record<string, unknown> => {
  const { messages, system, ...rest } = body;
  const known = Object.fromEntries(Object.entries(rest).filter(([name]) => name in request || name === 'tools'));
  return {
    ...known,
    messages: plain(messages),
    system: (system as { text: string }[]).slice(2).map(({ text }) => text),
    breakpoints: [...breakpointsOf(messages), ...breakpointsIn('system', system)],
  };
};

/** Where the cache breakpoints stand, in messages counted from the end. */
const breakpointsOf = (messages: unknown): string[] => {
  const all = (messages as { role: string; content: unknown }[]).filter(
    ({ content }) => (content as unknown[]).length > 0,
  );
  return all.flatMap(({ content }, index) =>
    typeof content === 'string'
      ? []
      : (content as object[]).flatMap((block, at, blocks) =>
          'cache_control' in block ? [`messages.${index - all.length}.${at - blocks.length}`] : [],
        ),
  );
};

const breakpointsIn = (name: string, blocks: unknown): string[] =>
  (blocks as object[]).flatMap((block, index) => ('cache_control' in block ? [`${name}.${index}`] : []));

/** Without what differs between any two processes, or between an answer and its copy. */
export const comparable = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (name, value: unknown) => {
    if (name === 'metadata' && JSON.stringify(value).includes('session_id')) return undefined;
    if (name === 'caller' || (name === 'citations' && value === null)) return undefined;
    return isResult(value) ? spelledOut(value) : value;
  });

/** Where two values differ, so that a failure can be read. */
export const differences = (a: unknown, b: unknown, path = ''): string[] => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b)
      ? []
      : [`${path}: ${JSON.stringify(a)?.slice(0, 200)} | ${JSON.stringify(b)?.slice(0, 200)}`];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => {
    const [one, other] = [a, b].map((value) => (value as Record<string, unknown>)[name]);
    return differences(one, other, `${path}/${name}`);
  });
};

interface Result {
  readonly type: 'tool_result';
  readonly content?: unknown;
  readonly is_error?: boolean;
}

const isResult = (value: unknown): value is Result =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'tool_result';

/** A text and a block of text are the same to the API. */
const spelledOut = (result: Result): object => ({
  ...result,
  content: typeof result.content === 'string' ? [{ type: 'text', text: result.content }] : result.content,
  is_error: result.is_error ?? false,
});
