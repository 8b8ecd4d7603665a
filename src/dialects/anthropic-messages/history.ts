/** Adapts a history that was written for another API or another model. */
import type { ResolvedModel } from '../../models/model.ts';
import type { Message } from '../../turn/turn.ts';
import type { ParseContext } from '../dialect.ts';
import type { Report } from '../parameters.ts';
import { nowhere, placeSystemMessages } from '../system-messages.ts';
import { nativeToolId } from '../tool-ids.ts';

interface Where {
  readonly model: ResolvedModel;
  readonly context: ParseContext;
}

/**
 * System messages in mid-conversation, in the form that the model takes. A caller who names a model exactly gets the
 * API's own answer. Claude Code marks system messages itself and supports only text in them.
 */
export const withSystemMessages = (
  messages: readonly Message[],
  { model, context }: Where,
  report: Report,
): Message[] => {
  const emulate = model.via !== 'exact' && model.abilities.systemMessages !== true;
  if (!emulate && context.engine.abilities.systemMessages) return [...messages];
  const bare = messages
    .map((message) => withoutSettings(message, report))
    .filter(({ role, content }) => role !== 'system' || (content ?? '').length > 0);
  if (!emulate) {
    if (bare.some(({ role }) => role === 'system')) report.emulate('messages');
    return bare;
  }
  const placed = placeSystemMessages(bare, nowhere);
  if (placed.reminded) report.emulate('messages');
  return placed.messages;
};

/** Whether an earlier answer has citations. */
export const citesInAnswers = (messages: readonly Message[]): boolean =>
  messages.some(
    ({ role, content }) =>
      role === 'assistant' &&
      Array.isArray(content) &&
      content.some((block) => block.type === 'text' && (block.citations ?? []).length > 0),
  );

/** Members that a system message may have beside its content. */
const SETTINGS = ['output_config', 'clear_at'] as const;

const withoutSettings = (message: Message, report: Report): Message => {
  const set = SETTINGS.filter((name) => name in message);
  if (set.length === 0) return message;
  const { output_config, clear_at, ...rest } = message as Message & Partial<Record<(typeof SETTINGS)[number], unknown>>;
  if (output_config !== null && output_config !== undefined) report.ignore('messages[].output_config');
  if (clear_at !== null && clear_at !== undefined) report.ignore('messages[].clear_at');
  return rest;
};

/**
 * Maps ids of tool calls to the characters that the API takes, `[a-zA-Z0-9_-]`. Messages are copied only where an id
 * had to be mapped.
 */
export const withNativeToolIds = (messages: readonly Message[]): Message[] =>
  messages.map((message) => mapped(message));

const mapped = (message: Message): Message => {
  if (message.role === 'system' || typeof message.content === 'string') return message;
  const content = message.content.map((block) => {
    if (block.type === 'tool_use')
      return block.id === nativeToolId(block.id) ? block : { ...block, id: nativeToolId(block.id) };
    if (block.type !== 'tool_result') return block;
    const tool_use_id = nativeToolId(block.tool_use_id);
    return tool_use_id === block.tool_use_id ? block : { ...block, tool_use_id };
  });
  return content.every((block, index) => block === message.content[index]) ? message : { ...message, content };
};
