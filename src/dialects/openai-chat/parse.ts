/** A Chat Completions request to a turn. */
import type { TurnRequest } from '../../turn/turn.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import { checkShape } from '../body-shape.ts';
import { check } from '../validate.ts';
import { emulateForcedCall, isForced } from '../forced-call.ts';
import { prefillRefusal } from '../prefill.ts';
import { findPath, Report } from '../parameters.ts';
import { parseSampling } from '../openai/sampling.ts';
import { textBlocks } from '../openai/content.ts';
import { endsInResults, fitEnd } from '../openai/conversation.ts';
import { parseServiceTier, parseUser } from '../openai/settings.ts';
import type { BlockPaths } from '../callers-field.ts';
import type { ChatAnswer } from './answer.ts';
import { callersField } from './callers-field.ts';
import { parseMessages } from './parse-messages.ts';
import { parseFormat, parseMaxTokens, parseStops, parseThinking } from './parse-settings.ts';
import { customNames } from './offered-tools.ts';
import { isResponsesBody, parseResponsesBody } from './responses-body.ts';
import { choiceParameter, parseTools, usesLegacyFunctions } from './parse-tools.ts';
import { CACHE_CONTROLS, chatParameters } from './parameters.ts';
import { chatRequest, type ChatRequest } from './wire.ts';

export const parse = (body: unknown, context: ParseContext): ParsedRequest<ChatAnswer> => {
  if (isResponsesBody(body)) return parseResponsesBody(body, context);
  checkShape(body, 'messages', 'openai');
  const chat = check(chatRequest, body, 'openai');
  const model = context.resolveModel(chat.model);
  const { abilities } = model;
  const report = new Report(chatParameters, { ...context, abilities }, { style: 'openai', unknown: 'ignored' });
  report.add(chat);
  reportUnread(chat, report);

  const takesSystem = context.engine.abilities.systemMessages && abilities.systemMessages === true;
  const conversation = fitEnd(parseMessages(chat, { takesSystem }, report), {
    refusal: prefillRefusal(context.engine, abilities),
    param: `messages[${chat.messages.length - 1}].role`,
    emulated: () => report.emulate('messages'),
  });
  const tools = parseTools(chat, report);
  const max_tokens = parseMaxTokens(chat, abilities, report);
  const toolForced = isForced(tools.tool_choice, abilities);
  const insideLoop = !context.engine.abilities.keepsThinking && endsInResults(conversation);
  const { thinking, effort } = parseThinking(
    chat,
    { maxTokens: max_tokens, abilities, named: model.effort, toolForced, insideLoop },
    report,
  );
  const sampled = { temperature: chat.temperature, topP: chat.top_p, abilities, thinking: isOn(thinking) };
  const sampling = parseSampling(sampled, report);
  const { format, instruction } = parseFormat(chat.response_format, report);
  const stops = parseStops(chat.stop, report);
  const system = [...conversation.system, ...textBlocks(instruction === undefined ? [] : [instruction])];
  const output_config = { ...(effort && { effort }), ...(format && { format }) };
  const asked: TurnRequest = {
    model: model.id,
    max_tokens,
    ...(wantsCaching(chat) && context.engine.abilities.cacheControl ? { cache_control: { type: 'ephemeral' } } : {}),
    ...(system.length > 0 && { system }),
    messages: [...conversation.messages],
    ...tools,
    ...sampling,
    ...stops.native,
    ...(thinking && { thinking }),
    ...(Object.keys(output_config).length > 0 ? { output_config } : {}),
    ...parseServiceTier(chat.service_tier, () => report.ignore('service_tier')),
    ...parseUser(chat.safety_identifier ?? chat.user),
  };
  const { request, forcedCall } = emulateForcedCall(asked, abilities, { parameter: choiceParameter(chat), report });
  return {
    request,
    ...(forcedCall && { forcedCall }),
    betas: context.betas,
    model,
    stream: chat.stream === true,
    report: report.done(),
    emulatedStops: stops.emulated,
    callersField: callersField(chat, request, () => {
      const blockPaths: BlockPaths = new Map();
      return { conversation: parseMessages(chat, { takesSystem, blockPaths }, report), blockPaths };
    }),
    answer: answerOf(chat, { json: format !== undefined, created: context.now }),
  };
};

const answerOf = (chat: ChatRequest, known: Pick<ChatAnswer, 'json' | 'created'>): ChatAnswer => ({
  ...known,
  origin: originIn(customNames(chat.tools)),
  includeUsage: chat.stream_options?.include_usage === true,
  legacyFunctions: usesLegacyFunctions(chat),
  reasoning: chat.reasoning?.exclude !== true,
});

const originIn =
  (custom: ReadonlySet<string>): ChatAnswer['origin'] =>
  (name) => ({ kind: custom.has(name) ? 'custom' : 'function', name });

const isOn = (thinking: TurnRequest['thinking']): boolean => thinking !== undefined && thinking.type !== 'disabled';

/** Conditions that the table alone cannot decide. */
const reportUnread = (chat: ChatRequest, report: Report): void => {
  if (chat['input'] !== null && chat['input'] !== undefined) report.ignore('input');
  const named = chat.messages.some(({ role, name }) => NAMED_ROLES.has(role) && name !== null && name !== undefined);
  if (named) report.ignore('messages[].name');
};

/** On messages of other roles, `name` is the name of a call. */
const NAMED_ROLES: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant']);

/** Some clients set cache marks on messages; the API can set the one breakpoint that matters itself. */
const wantsCaching = (chat: ChatRequest): boolean =>
  CACHE_CONTROLS.some((name) => findPath(chat, name, (value) => value !== null && value !== undefined) !== undefined);
