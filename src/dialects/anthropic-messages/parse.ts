/**
 * Turns a Messages request into a turn, which has nearly the same form. Members that are not read here pass unchanged.
 */
import { countedFields } from '../../turn/counted.ts';
import type { TurnRequest } from '../../turn/turn.ts';
import { isClientTool, type Message, type Tool } from '../../turn/turn.ts';
import { TurnError } from '../../turn/errors.ts';
import type { ResolvedModel } from '../../models/model.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import { checkShape } from '../body-shape.ts';
import { check, invalid, parseOptions } from '../validate.ts';
import { emulateForcedCall, type ForcedTurn } from '../forced-call.ts';
import { prefillRefusal } from '../prefill.ts';
import { Report } from '../parameters.ts';
import { withNamedEffort } from './named-effort.ts';
import { fitToModel } from './adapt-to-model.ts';
import { citesInAnswers, withNativeToolIds, withSystemMessages } from './history.ts';
import { offeredTools } from './server-tools.ts';
import { outputConfig } from './output-config.ts';
import { messagesParameters } from './parameters.ts';
import {
  clientTool,
  countTokensRequest,
  messagesRequest,
  type CountTokensRequest,
  type MessagesRequest,
} from './wire.ts';

export const parse = (body: unknown, context: ParseContext): ParsedRequest<null> => {
  checkShape(body, 'messages', 'anthropic');
  const checked = check(messagesRequest, body, 'anthropic');
  refuseThread(checked);
  const model = context.resolveModel(checked.model);
  const report = reportOf(model, context);
  const passed = withNamedEffort(passedOn(checked, { context, model, report }), checked, { model, report });
  const fitting = fitted({ ...passed, ...sampling(checked, model, report) } as TurnRequest, model, report);
  const { request, forcedCall } = withPossibleChoice(fitting, model, report);
  const noLevels = model.abilities.effort.length === 0 && !context.engine.abilities.effortWithoutLevels;
  if (noLevels && request.output_config?.effort) report.ignore('output_config.effort');
  return {
    request,
    ...(forcedCall && { forcedCall }),
    betas: betasOf(checked, context),
    model,
    stream: checked.stream === true,
    report: report.done(),
    emulatedStops: [],
    answer: null,
  };
};

/**
 * `POST /v1/messages/count_tokens`: what counts of the same request. Its limit is the model's own, since nothing is
 * generated.
 */
export const parseCountTokens = (body: unknown, context: ParseContext): ParsedRequest<null> => {
  checkShape(body, 'messages', 'anthropic');
  const checked = check(countTokensRequest, body, 'anthropic');
  refuseThread(checked);
  const model = context.resolveModel(checked.model);
  const report = reportOf(model, context);
  const passed = countedFields(passedOn(checked, { context, model, report }));
  const whole = { ...passed, max_tokens: model.abilities.maxOutputTokens } as TurnRequest;
  const { request } = withPossibleChoice(fitted(whole, model, report), model, report);
  return {
    request,
    betas: betasOf(checked, context),
    model,
    stream: false,
    report: report.done(),
    emulatedStops: [],
    answer: null,
  };
};

const fitted = (request: TurnRequest, { via, abilities }: ResolvedModel, report: Report): TurnRequest =>
  via === 'exact' ? request : fitToModel(request, abilities, report);

/** Applies to exactly named models too: the API would refuse the request. */
const withPossibleChoice = (request: TurnRequest, { abilities }: ResolvedModel, report: Report): ForcedTurn =>
  emulateForcedCall(request, abilities, { parameter: 'tool_choice', report });

/** Members that this server does not know are passed on: the API checks them. */
const reportOf = ({ abilities }: ResolvedModel, context: ParseContext): Report => {
  const report = new Report(
    messagesParameters,
    { ...context, abilities },
    { style: 'anthropic', unknown: context.engine.abilities.otherParameters ? 'passed' : 'ignored' },
  );
  for (const name of context.inHeaders ?? []) report.ignore(name);
  return report;
};

/** A request in a thread holds only the new messages. With this error the SDK sends the whole conversation again. */
const refuseThread = ({ thread }: CountTokensRequest): void => {
  if (thread === undefined || thread === null) return;
  throw new TurnError(
    'thread_unsupported',
    'This server does not support Message Threads. Send the full conversation without `thread`.',
    {
      param: 'thread',
      details: { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
    },
  );
};

interface Parsing {
  readonly context: ParseContext;
  readonly model: ResolvedModel;
  readonly report: Report;
}

/** The members of the body that reach the model, with the model's resolved name and no explicit nulls. */
const passedOn = (body: CountTokensRequest | MessagesRequest, { context, model, report }: Parsing): object => {
  report.add(body);
  const offered = offeredTools(body, context, report);
  checkTools(body.tools ?? []);
  const messages = withSystemMessages(withNativeToolIds(body.messages as Message[]), { model, context }, report);
  checkEnd(messages, { context, model });
  if (!context.engine.abilities.citationsInHistory && citesInAnswers(messages))
    report.ignore('messages[].content[].citations');
  const given = Object.entries(body).filter(
    ([name, value]) =>
      value !== null && value !== undefined && !READ.has(name) && reaches(name, { context, model, report }),
  );
  return {
    ...Object.fromEntries(given),
    ...offered,
    ...outputConfig(body, { context, model, report }),
    model: model.id,
    messages,
  };
};

/** Members that are read elsewhere, or are not meant for the API. */
const READ: ReadonlySet<string> = new Set([
  'stream',
  'thread',
  'betas',
  'output_config',
  'output_format',
  'temperature',
  'top_p',
  'top_k',
  'user_profile_id',
  'workspace_id',
]);

/**
 * The API takes all members that it knows. Claude Code takes only those of the table; the others were reported as
 * ignored.
 */
const reaches = (name: string, { context, report }: Parsing): boolean =>
  context.engine.abilities.otherParameters || report.applies(name);

const sampling = (
  { temperature, top_p, top_k }: MessagesRequest,
  { abilities, effort: named }: ResolvedModel,
  report: Report,
): Partial<TurnRequest> => {
  if (abilities.sampling === 'none') return {};
  if (named !== undefined && named !== 'none') {
    // The model's name turned thinking on. The API then takes no sampling parameters but its defaults.
    if (typeof temperature === 'number' && temperature !== 1) report.ignore('temperature');
    if (typeof top_p === 'number') report.ignore('top_p');
    if (typeof top_k === 'number') report.ignore('top_k');
    return {};
  }
  const both = typeof temperature === 'number' && typeof top_p === 'number';
  const dropTopP = both && abilities.sampling === 'one';
  if (dropTopP) report.ignore('top_p');
  return {
    ...(typeof temperature === 'number' ? { temperature } : {}),
    ...(typeof top_p === 'number' && !dropTopP ? { top_p } : {}),
    ...(typeof top_k === 'number' ? { top_k } : {}),
  };
};

/** Betas travel in a header: only visible ASCII is allowed, and a comma would separate two values. */
const HEADER_VALUE = /^[\x21-\x2b\x2d-\x7e]+$/u;

const betasOf = (body: Readonly<Record<string, unknown>>, { betas }: ParseContext): readonly string[] => {
  const more = Array.isArray(body['betas']) ? body['betas'].filter((beta) => typeof beta === 'string') : [];
  const wrong = more.findIndex((beta) => !HEADER_VALUE.test(beta));
  if (wrong !== -1) throw invalid('anthropic', ['betas', wrong], 'is not the name of a beta.');
  return [...new Set([...betas, ...more])];
};

const checkTools = (tools: readonly object[]): void => {
  for (const [index, tool] of tools.entries()) if (isClientTool(tool as Tool)) checkClientTool(tool, index);
};

const checkClientTool = (tool: object, index: number): void => {
  const result = clientTool.safeParse(tool, parseOptions);
  const issue = result.error?.issues[0];
  if (issue !== undefined)
    throw invalid(
      'anthropic',
      ['tools', index, ...issue.path],
      issue.input === undefined ? 'this field is required.' : `${issue.message}.`,
    );
};

/** Uses the API's own message. An answer that was paused in server tools may be sent back; that is no prefill. */
const checkEnd = (messages: readonly Message[], { context, model }: Pick<Parsing, 'context' | 'model'>): void => {
  const index = messages.findLastIndex(({ role }) => role !== 'system');
  const last = messages[index];
  if (last?.role !== 'assistant') return;
  const paused = Array.isArray(last.content) && last.content.some(({ type }) => type === 'server_tool_use');
  if (paused && context.engine.abilities.serverTools) return;
  const refusal = prefillRefusal(context.engine, model.abilities);
  if (refusal !== undefined) throw new TurnError('invalid_request', refusal, { param: `messages.${index}` });
};
