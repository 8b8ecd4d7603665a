/**
 * Chooses the process that serves a request, and how: by the difference between what each process holds and the
 * request, and what it costs to bring the process there. Pure, with a table of tests.
 */
import type { TurnSettings } from '../process/control/turn-settings.ts';
import type { Conversation } from './conversation.ts';
import { COMES_BACK, COST, DISPLACED, WITHOUT_PROMPT } from './costs.ts';
import { hasAlteredImage } from './images.ts';
import { signaturesOf, type Head } from './heads.ts';
import type { Exchange } from './exchanges.ts';
import { answerSuspended, type McpResult } from './tool-results.ts';

/** One message that a process holds. */
export interface HeldMessage {
  /** The head once it was added. */
  readonly head: Head;
  /** Signatures of its thinking. */
  readonly signatures: readonly string[];
  /**
   * Of a user message that we sent: what it can be cut before. Results given to waiting calls and answers have none.
   */
  readonly id?: string;
}

/** What the plan needs to know of a process that is free, or whose calls wait. */
export interface ProcessView {
  readonly id: number;
  /** Undefined where it has none: a prompt can be replaced, but not be taken away. */
  readonly prompt: string | undefined;
  /** Whether it can be cut and be given another conversation. */
  readonly recyclable: boolean;
  readonly model: string;
  readonly held: readonly HeldMessage[];
  /** Turns that were asked in this conversation. */
  readonly turns: number;
  /** Ids of calls that wait for results; empty when the last turn is over. */
  readonly pending: ReadonlySet<string>;
  /** Names the process can take calls for while they wait. */
  readonly offeredTools: ReadonlySet<string>;
  /** Milliseconds of a clock that only goes forward. */
  readonly lastUsed: number;
}

interface OnProcess {
  readonly process: number;
}

interface Append {
  /** Messages to write before the turn is asked. */
  readonly append: readonly Exchange[];
}

export type Plan =
  /** The process holds just the history. */
  | ({ readonly kind: 'continue' } & OnProcess & Append)
  /** Its calls wait for just these results. */
  | ({ readonly kind: 'answer'; readonly results: ReadonlyMap<string, McpResult> } & OnProcess)
  /** It holds the first `keep` messages; what follows them is cut off. */
  | ({ readonly kind: 'rewind'; readonly keep: number } & OnProcess & Append)
  /** Whatever it holds is cut off. */
  | ({ readonly kind: 'fresh' } & OnProcess & Append)
  /**
   * A process begins with a transcript: the only way that keeps large images, and the fastest for very long histories.
   */
  | ({ readonly kind: 'resume'; readonly resumed: readonly Exchange[]; readonly ends?: number } & Append)
  /** There is no process that can serve it. `ends`: one that has to make room. */
  | { readonly kind: 'start'; readonly ends?: number };

export interface Circumstances {
  readonly processes: Iterable<ProcessView>;
  /** Whether one more process may be started; where not, a free one has to end for it. */
  readonly room: boolean;
  /**
   * Whether what a process holds may be used; default true. Not for a count of tokens: beside an answer that came from
   * the API, Claude Code adds an estimate of what follows to the usage of that answer.
   */
  readonly reuses?: boolean;
}

interface Candidate {
  readonly plan: Plan;
  readonly cost: number;
  readonly lastUsed: number;
}

/** The cheapest way; undefined where every process is at work and no more may be started. */
export const choosePlan = (
  conversation: Conversation,
  settings: TurnSettings,
  { processes, room, reuses = true }: Circumstances,
): Plan | undefined => {
  const all = [...processes];
  const candidates = all.flatMap((process) => {
    const own = reuses ? onOwnConversation(conversation, settings, process) : undefined;
    const displaced = onDisplaced(conversation, process, room);
    return [own, displaced].filter((candidate) => candidate !== undefined);
  });
  candidates.push(...onNewProcess(conversation, { all, room }));
  return candidates.toSorted((a, b) => a.cost - b.cost || a.lastUsed - b.lastUsed)[0]?.plan;
};

/** The process holds this conversation, or the beginning of it. */
const onOwnConversation = (
  conversation: Conversation,
  settings: TurnSettings,
  process: ProcessView,
): Candidate | undefined => {
  const { history, turn } = conversation;
  const { held, pending, lastUsed } = process;
  const known = commonLength(conversation, held);
  // A model changed on a process that holds messages writes a "/model" command into the conversation.
  if (known < 2 || process.model !== settings.model || !canHavePrompt(process, conversation.system)) return undefined;
  const on = { process: process.id };
  if (known === held.length && pending.size === 0) {
    const append = history.slice(known);
    const kind = append.length === 0 ? 'continue' : 'rewind';
    const plan: Plan = kind === 'continue' ? { kind, ...on, append } : { kind, ...on, keep: known, append };
    return { plan, cost: costOfAppend(append), lastUsed: -lastUsed };
  }
  // Another prompt would hold from the next turn on only: a handoff to another agent comes inside of one.
  const samePrompt = (process.prompt ?? '') === conversation.system;
  if (known === held.length && known === history.length && samePrompt) {
    const results = resultsFor(turn.content, process, settings);
    if (results !== undefined) return { plan: { kind: 'answer', ...on, results }, cost: 0, lastUsed: -lastUsed };
  }
  const keep = cutBefore(held, Math.min(known, history.length));
  if (keep < 2) return undefined;
  const append = history.slice(keep);
  const lost = (held.length - keep) * COST.append * COMES_BACK;
  const cost = COST.rewind + (pending.size > 0 ? COST.interrupt : 0) + costOfAppend(append) + lost;
  return { plan: { kind: 'rewind', ...on, keep, append }, cost, lastUsed: -lastUsed };
};

/** The process is given this conversation in place of what it holds. */
const onDisplaced = (conversation: Conversation, process: ProcessView, room: boolean): Candidate | undefined => {
  const { held, pending, prompt } = process;
  if (!canHavePrompt(process, conversation.system) || (!process.recyclable && held.length > 0)) return undefined;
  // Its calls wait for this very request, which cannot answer them, and no other request will.
  const superseded = pending.size > 0 && commonLength(conversation, held) === held.length;
  // Results are on their way: a process with waiting calls is taken last.
  if (pending.size > 0 && room && !superseded) return undefined;
  const append = conversation.history;
  const cost =
    costOfAppend(append) +
    (held.length > 0 ? COST.rewind : 0) +
    (superseded ? COST.interrupt : costOfDisplacing(process)) +
    (prompt === undefined && conversation.system !== '' ? WITHOUT_PROMPT : 0);
  return { plan: { kind: 'fresh', process: process.id, append }, cost, lastUsed: process.lastUsed };
};

const onNewProcess = (
  { history }: Conversation,
  { all, room }: { all: readonly ProcessView[]; room: boolean },
): Candidate[] => {
  const [victim] = all.toSorted(
    (a, b) =>
      Number(a.recyclable) - Number(b.recyclable) ||
      costOfDisplacing(a) - costOfDisplacing(b) ||
      a.lastUsed - b.lastUsed,
  );
  if (!room && victim === undefined) return [];
  const ends = room || victim === undefined ? {} : { ends: victim.id };
  const displaced = room || victim === undefined ? 0 : costOfDisplacing(victim);
  const start: Candidate = {
    plan: { kind: 'start', ...ends },
    cost: COST.start + displaced + costOfAppend(history),
    lastUsed: 0,
  };
  const { resumed, append } = splitForResume(history);
  if (resumed.length === 0) return [start];
  const cost = COST.resume + displaced + costOfAppend(append);
  return [start, { plan: { kind: 'resume', resumed, append, ...ends }, cost, lastUsed: 0 }];
};

/** How many messages of the request a process holds; the caller's thinking must agree with the process's. */
const commonLength = ({ heads, history }: Conversation, held: readonly HeldMessage[]): number => {
  let known = 0;
  const longest = Math.min(held.length, heads.length - 1);
  while (known < longest && held[known]?.head === heads[known + 1]) known += 1;
  const other = history.findIndex((exchange, index) => index < known && !isThinkingOf(exchange, held[index]));
  return other === -1 ? known : other;
};

/** Clients may drop thinking; what they send of a message must be the newest that is held of it. */
const isThinkingOf = (exchange: Exchange, held: HeldMessage | undefined): boolean => {
  const sent = signaturesOf(exchange);
  const known = held?.signatures ?? [];
  return sent.length <= known.length && sent.every((one, i) => one === known[known.length - sent.length + i]);
};

/** The most messages, up to `most`, that can be kept: a conversation can only be cut before a user message of ours. */
const cutBefore = (held: readonly HeldMessage[], most: number): number => {
  for (let keep = most; keep > 0; keep -= 1) if (held[keep]?.id !== undefined) return keep;
  return 0;
};

/** A process that was started for one prompt keeps it; any other can be given a prompt, but not lose it. */
const canHavePrompt = ({ prompt, recyclable }: ProcessView, system: string): boolean =>
  recyclable ? system !== '' || prompt === undefined : (prompt ?? '') === system;

const resultsFor = (
  content: Exchange['content'],
  { pending, offeredTools }: ProcessView,
  { toolNames }: TurnSettings,
): ReadonlyMap<string, McpResult> | undefined => {
  // New tools take effect only in the next turn, and replacing them would close the waiting calls.
  if (toolNames.some((name) => !offeredTools.has(name))) return undefined;
  const answer = answerSuspended(content, pending);
  return answer.kind === 'exact' ? answer.results : undefined;
};

const costOfAppend = (append: readonly Exchange[]): number =>
  append.length * COST.append + (append.some(isAlteredByAppend) ? COST.altered : 0);

/** Images are decoded once for a request, however many processes are weighed. */
const altered = new WeakMap<Exchange, boolean>();

const isAlteredByAppend = (exchange: Exchange): boolean => {
  if (exchange.role !== 'user') return false;
  const known = altered.get(exchange) ?? hasAlteredImage(exchange.content);
  altered.set(exchange, known);
  return known;
};

const costOfDisplacing = ({ held, pending, turns }: ProcessView): number => {
  if (held.length === 0) return DISPLACED.nothing;
  if (pending.size > 0) return DISPLACED.suspended;
  return turns <= 1 ? DISPLACED.singleTurn : DISPLACED.idle;
};

/** A transcript must end in finished assistant text; what follows is appended. */
const splitForResume = (
  history: readonly Exchange[],
): { resumed: readonly Exchange[]; append: readonly Exchange[] } => {
  const resumable = history.findLastIndex(isFinishedAnswer) + 1;
  return { resumed: history.slice(0, resumable), append: history.slice(resumable) };
};

const isFinishedAnswer = ({ role, content }: Exchange): boolean =>
  role === 'assistant' && !content.some(({ type }) => type === 'tool_use');
