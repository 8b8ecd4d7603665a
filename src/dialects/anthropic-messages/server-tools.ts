/**
 * Tools that run at the API, for an engine that cannot use them. Clients offer such tools in every request without
 * needing them, so they are left out and reported as ignored. Only a forced one is refused.
 */
import { TurnError } from '../../turn/errors.ts';
import { isClientTool, type Tool } from '../../turn/turn.ts';
import type { ParseContext } from '../dialect.ts';
import type { Report } from '../parameters.ts';
import type { CountTokensRequest } from './wire.ts';

/** `tools` and `tool_choice` as the engine takes them; members that need no change are absent. */
export const offeredTools = (
  { tools, tool_choice: choice }: CountTokensRequest,
  { engine }: ParseContext,
  report: Report,
): { readonly tools?: unknown; readonly tool_choice?: unknown } => {
  const offered = (tools ?? []) as readonly Tool[];
  if (engine.abilities.serverTools || offered.every(isClientTool)) return {};
  for (const [index, tool] of offered.entries()) if (!isClientTool(tool)) report.ignore(`tools[${index}]`);
  const kept = offered.filter(isClientTool);
  const forced =
    (choice?.type === 'any' && kept.length === 0) ||
    (choice?.type === 'tool' && !kept.some(({ name }) => name === choice.name));
  if (forced) {
    throw new TurnError(
      'unsupported_parameter',
      `tool_choice: the tool runs at the Anthropic API, where the engine ${engine.name} of this server cannot ` +
        `have it run. Offer it without forcing it, or a tool of your own.`,
      { param: 'tool_choice' },
    );
  }
  return kept.length === 0 ? { tools: undefined, tool_choice: undefined } : { tools: kept };
};
