import type { TurnRequest } from './turn.ts';

/** Fields that https://docs.anthropic.com/en/api/messages-count-tokens takes; it refuses all others. */
const COUNTED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'cache_control',
  'context_management',
  'mcp_servers',
  'speed',
]);

/** The part of a request whose tokens can be counted. */
export const countedFields = (request: Partial<TurnRequest>): Partial<TurnRequest> =>
  Object.fromEntries(Object.entries(request).filter(([name]) => COUNTED.has(name)));
