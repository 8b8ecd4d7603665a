/** A Responses request to a turn. */
import type { Abilities, AskedEffort } from '../../models/model.ts';
import type { TurnRequest } from '../../turn/turn.ts';
import type { BlockPaths } from '../callers-field.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import { callersField } from './callers-field.ts';
import { textBlocks } from '../openai/content.ts';
import { fitEnd, placeSystem, type Conversation } from '../openai/conversation.ts';
import { maxTokens, parseServiceTier, parseUser } from '../openai/settings.ts';
import { emulateForcedCall, isForced } from '../forced-call.ts';
import { prefillRefusal } from '../prefill.ts';
import { Report } from '../parameters.ts';
import { parseSampling } from '../openai/sampling.ts';
import { check } from '../validate.ts';
import type { ResponsesAnswer } from './answer/answer.ts';
import { asSummaryRequest, wantsSummary, withSummaryWanted } from './compaction.ts';
import { echoOf } from './echo.ts';
import { itemsOf } from './input/items-of.ts';
import { readItems } from './input/read-items.ts';
import { responsesParameters } from './parameters.ts';
import { parseFormat, parseInclude, parseThinking, summaryOf, thoughtIsLost } from './parse-settings.ts';
import { parseTools, type Tools } from './tools/parse-tools.ts';
import type { ToolNames } from './tools/tool-names.ts';
import { responsesRequest, type ResponsesRequest } from './wire.ts';

export const parse = (body: unknown, context: ParseContext): ParsedRequest<ResponsesAnswer> => {
  const { sent, asked, compacts } = readBody(body, context);
  const model = context.resolveModel(asked.model);
  const { abilities, effort: named } = model;
  const report = new Report(responsesParameters, { ...context, abilities }, { style: 'openai', unknown: 'ignored' });
  const parsing: Parsing = { asked, context, abilities, named, report };
  report.add(asked);
  const { conversation, tools, names, items } = parseConversation(parsing);
  const generation = parseGeneration(parsing, { conversation, tools });
  const { format, instruction } = parseFormat(asked.text, report);
  const system = [...conversation.system, ...textBlocks(instruction === undefined ? [] : [instruction])];
  const output_config = { ...generation.output_config, ...(format === undefined ? {} : { format }) };
  const unforced: TurnRequest = {
    model: model.id,
    ...(asked.prompt_cache_key && context.engine.abilities.cacheControl
      ? { cache_control: { type: 'ephemeral' } }
      : {}),
    ...(system.length > 0 ? { system } : {}),
    messages: [...conversation.messages],
    ...tools,
    ...generation.parameters,
    ...(Object.keys(output_config).length > 0 ? { output_config } : {}),
    ...parseServiceTier(asked.service_tier, () => report.ignore('service_tier')),
    ...parseUser(asked.safety_identifier ?? asked.user),
  };
  const { request, forcedCall } = emulateForcedCall(unforced, model.abilities, { parameter: 'tool_choice', report });
  const stored = asked.store !== false && context.stored !== undefined;
  if (asked.store === true && !stored) report.ignore('store');
  const include = parseInclude(asked.include, report);
  const answer: ResponsesAnswer = {
    id: `resp_${context.requestId.replace(/^req_/u, '')}`,
    created: context.now,
    now: () => Math.floor(context.clock.now() / 1000),
    model: model.id,
    echo: echoOf(sent, { body, stored }),
    input: items,
    names,
    cipher: context.cipher,
    ...include,
    withoutSummary: summaryOf(asked.reasoning) === 'none',
    compacts,
    json: format !== undefined,
  };
  return {
    request,
    ...(forcedCall && { forcedCall }),
    betas: context.betas,
    model,
    stream: asked.stream === true,
    report: report.done(),
    emulatedStops: [],
    callersField: callersField({ asked, request, names }, () => {
      const blockPaths: BlockPaths = new Map();
      return { conversation: parseConversation(parsing, blockPaths).conversation, blockPaths };
    }),
    answer,
  };
};

const readBody = (body: unknown, { cipher }: ParseContext) => {
  const sent = check(responsesRequest, body, 'openai');
  const compacts = wantsSummary(sent);
  return { sent, compacts, asked: compacts ? asSummaryRequest(sent, cipher) : sent };
};

interface Parsing {
  readonly asked: ResponsesRequest;
  readonly context: ParseContext;
  readonly abilities: Abilities;
  /** The effort in the model's name. */
  readonly named: AskedEffort | undefined;
  readonly report: Report;
}

interface Said {
  readonly conversation: Conversation;
  readonly tools: Tools;
}

interface Read extends Said {
  readonly names: ToolNames;
  readonly items: readonly object[];
}

const parseConversation = ({ asked, context, abilities, report }: Parsing, blockPaths?: BlockPaths): Read => {
  const { engine, cipher, stored } = context;
  const emulated = (): void => report.emulate('input');
  const { items, sent, tools: moreTools } = itemsOf(asked, stored);
  const { tools, names } = parseTools([...(asked.tools ?? []), ...moreTools], asked, {
    serverTools: engine.abilities.serverTools,
    report,
  });
  const read = readItems(items, { names, cipher, report, blockPaths });
  const instructions = textBlocks(typeof asked.instructions === 'string' ? [asked.instructions] : []);
  for (const block of instructions) blockPaths?.set(block, ['instructions']);
  const placed = placeSystem(
    { system: [...instructions, ...read.system], messages: read.messages },
    { takesSystem: engine.abilities.systemMessages && abilities.systemMessages === true, field: 'input', emulated },
  );
  const refusal = prefillRefusal(engine, abilities);
  if (wantsSummary(asked)) emulated();
  const ending = wantsSummary(asked) ? { ...placed, messages: withSummaryWanted(placed.messages) } : placed;
  return { conversation: fitEnd(ending, { refusal, param: 'input', emulated }), tools, names, items: sent };
};

/** Limits, thinking, sampling. */
const parseGeneration = ({ asked, context, abilities, named, report }: Parsing, { conversation, tools }: Said) => {
  const max_tokens = maxTokens(asked.max_output_tokens, abilities, () => report.emulate('max_output_tokens'));
  const toolForced = isForced(tools.tool_choice, abilities);
  const thoughtLost = !context.engine.abilities.keepsThinking && thoughtIsLost(conversation);
  const { thinking, effort } = parseThinking(
    asked,
    { maxTokens: max_tokens, abilities, named, toolForced, thoughtLost },
    report,
  );
  const thinks = thinking !== undefined && thinking.type !== 'disabled';
  const sampling = parseSampling(
    { temperature: asked.temperature, topP: asked.top_p, abilities, thinking: thinks },
    report,
  );
  return {
    parameters: { max_tokens, ...sampling, ...(thinking === undefined ? {} : { thinking }) },
    output_config: effort === undefined ? {} : { effort },
  };
};
