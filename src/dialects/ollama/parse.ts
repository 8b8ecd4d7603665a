/** Requests of `/api/chat` and `/api/generate` to turns. */
import type { ResolvedModel } from '../../models/model.ts';
import type { TurnRequest } from '../../turn/turn.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import { textBlocks } from '../openai/content.ts';
import { endsInResults, fitEnd, placeSystem, type Conversation } from '../openai/conversation.ts';
import { functionTools } from '../openai/tools.ts';
import { Report, type Parameter } from '../parameters.ts';
import { prefillRefusal } from '../prefill.ts';
import { check } from '../validate.ts';
import type { OllamaAnswer } from './answer.ts';
import { chatParameters, generateParameters } from './parameters.ts';
import { imagesOf, parseMessages } from './parse-messages.ts';
import { parseFormat, parseMaxTokens, parseSampling, parseStops, parseThinking } from './parse-settings.ts';
import { loaded } from './render.ts';
import { chatRequest, generateRequest, type CommonRequest } from './wire.ts';

export const parseChat = (body: unknown, context: ParseContext): ParsedRequest<OllamaAnswer> => {
  const asked = check(chatRequest, body, 'openai');
  const parsing = begin(asked, { context, table: chatParameters, endpoint: 'chat' });
  const { report, model } = parsing;
  if ((asked.messages ?? []).length === 0) return onlyLoaded(asked, parsing);
  const takesSystem = context.engine.abilities.systemMessages && model.abilities.systemMessages === true;
  const emulated = (): void => report.emulate('messages');
  const placed = placeSystem(parseMessages(asked.messages ?? [], { cut: () => report.ignore('messages') }), {
    takesSystem,
    field: 'messages',
    emulated,
  });
  const conversation = fitEnd(placed, {
    refusal: prefillRefusal(context.engine, model.abilities),
    param: `messages[${(asked.messages?.length ?? 0) - 1}].role`,
    emulated,
  });
  const tools = functionTools(
    (asked.tools ?? []).map((tool) => tool.function),
    () => undefined,
  );
  return turnOf(asked, conversation, { ...parsing, tools: tools.length > 0 ? { tools } : {} });
};

export const parseGenerate = (body: unknown, context: ParseContext): ParsedRequest<OllamaAnswer> => {
  const asked = check(generateRequest, body, 'openai');
  const parsing = begin(asked, { context, table: generateParameters, endpoint: 'generate' });
  const content = [...imagesOf(asked.images, []), ...textBlocks([asked.prompt ?? ''])];
  if (content.length === 0) return onlyLoaded(asked, parsing);
  const conversation = { system: textBlocks([asked.system ?? '']), messages: [{ role: 'user' as const, content }] };
  return turnOf(asked, conversation, { ...parsing, tools: {} });
};

interface Parsing {
  readonly context: ParseContext;
  readonly endpoint: OllamaAnswer['endpoint'];
  readonly model: ResolvedModel;
  readonly report: Report;
}

const begin = (
  asked: CommonRequest,
  { table, ...rest }: Pick<Parsing, 'context' | 'endpoint'> & { readonly table: readonly Parameter[] },
): Parsing => {
  const model = rest.context.resolveModel(asked.model);
  const report = new Report(
    table,
    { ...rest.context, abilities: model.abilities },
    { style: 'openai', unknown: 'ignored' },
  );
  report.add(asked);
  const known = new Set(table.map(({ name }) => name));
  for (const [name, value] of Object.entries(asked.options ?? {}))
    if (value !== null && value !== undefined && !known.has(`options.${name}`))
      report.ignore(`options.${/^\w{1,64}$/u.test(name) ? name : '(other)'}`);
  return { ...rest, model, report };
};

const turnOf = (
  asked: CommonRequest,
  conversation: Conversation,
  { context, endpoint, model, report, tools }: Parsing & { readonly tools: Pick<TurnRequest, 'tools'> },
): ParsedRequest<OllamaAnswer> => {
  const max_tokens = parseMaxTokens(asked, model, report);
  const thoughtLost = !context.engine.abilities.keepsThinking && endsInResults(conversation);
  const { thinking, effort } = parseThinking(asked, { model, maxTokens: max_tokens, thoughtLost }, report);
  const thinks = thinking !== undefined && thinking.type !== 'disabled';
  const { format, instruction } = parseFormat(asked, report);
  const stops = parseStops(asked, report);
  const system = [...conversation.system, ...textBlocks(instruction === undefined ? [] : [instruction])];
  const output_config = { ...(effort && { effort }), ...(format && { format }) };
  return {
    ...finished(asked, { context, model, report }),
    request: {
      model: model.id,
      max_tokens,
      ...(system.length > 0 ? { system } : {}),
      messages: [...conversation.messages],
      ...tools,
      ...parseSampling(asked, { thinking: thinks, model }, report),
      ...stops.native,
      ...(thinking && { thinking }),
      ...(Object.keys(output_config).length > 0 ? { output_config } : {}),
    },
    report: report.done(),
    emulatedStops: stops.emulated,
    answer: answerOf({ context, endpoint }, { json: format !== undefined }),
  };
};

const answerOf = (
  { context: { clock, times }, endpoint }: Pick<Parsing, 'context' | 'endpoint'>,
  { json }: Pick<OllamaAnswer, 'json'>,
): OllamaAnswer => ({ endpoint, json, times, now: () => clock.now() });

/** An empty request makes Ollama load a model, and unload it with `keep_alive: 0`; here there is nothing to load. */
const onlyLoaded = (asked: CommonRequest, parsing: Parsing): ParsedRequest<OllamaAnswer> => {
  const { model, report } = parsing;
  const answer = answerOf(parsing, { json: false });
  const reason = Number(asked.keep_alive ?? 1) === 0 || asked.keep_alive === '0s' ? 'unload' : 'load';
  return {
    ...finished(asked, parsing),
    request: { model: model.id, max_tokens: 1, messages: [] },
    withoutTurn: loaded(asked.model, reason, answer),
    report: report.done(),
    emulatedStops: [],
    answer,
  };
};

const finished = (
  asked: CommonRequest,
  { context, model }: Pick<Parsing, 'context' | 'model' | 'report'>,
): Pick<ParsedRequest, 'betas' | 'model' | 'stream'> => ({
  betas: context.betas,
  model,
  stream: asked.stream !== false,
});
