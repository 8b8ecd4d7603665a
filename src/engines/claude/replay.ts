/** How a history gets into a fresh process, natively: roles, calls, results and images stay what they are. Pure. */
import type { TurnRequest } from '../../turn/turn.ts';
import type { Exchange } from './history.ts';
import { hasAlteredImage } from './images.ts';

export type ReplayPlan =
  /** Nothing to take in: the first turn of a conversation. */
  | { readonly kind: 'first' }
  /** Each message is written to a process that may have been started ahead. */
  | { readonly kind: 'append' }
  /** A transcript is read by a process started for it; keeps thinking and large images, and is faster for long histories. */
  | { readonly kind: 'resume'; readonly resumed: readonly Exchange[]; readonly appended: readonly Exchange[] };

/** From this many messages on a resume is faster than an append to a spare (`npm run bench -- replay`). */
const RESUME_FROM = 100;

/** How to replay `history`, which ends with an assistant message. */
export const planReplay = (history: readonly Exchange[]): ReplayPlan => {
  if (history.length === 0) return { kind: 'first' };
  // A transcript must end in finished assistant text; what follows is appended.
  const resumable =
    history.findLastIndex(
      ({ role, content }) => role === 'assistant' && !content.some(({ type }) => type === 'tool_use'),
    ) + 1;
  const resumed = history.slice(0, resumable);
  if (resumable === 0 || (history.length < RESUME_FROM && !resumed.some(needsTranscript))) return { kind: 'append' };
  return { kind: 'resume', resumed, appended: history.slice(resumable) };
};

/** What an append would lose or alter. */
const needsTranscript = ({ role, content }: Exchange): boolean =>
  role === 'user'
    ? hasAlteredImage(content)
    : content.some(({ type }) => type === 'thinking' || type === 'redacted_thinking');

/**
 * The request as it can be asked after a replay. An appended message loses its thinking, and a model with a
 * thinking budget refuses to go on with a tool loop that lacks it, unless thinking is off for the step.
 */
export const askableAfterReplay = (
  request: TurnRequest,
  { history, turn }: { history: readonly Exchange[]; turn: Exchange },
): TurnRequest => {
  const insideLoop = turn.content.some(({ type }) => type === 'tool_result') && history.at(-1)?.role === 'assistant';
  return insideLoop && request.thinking?.type === 'enabled' ? { ...request, thinking: { type: 'disabled' } } : request;
};
