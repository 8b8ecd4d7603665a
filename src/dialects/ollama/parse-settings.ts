/** Everything of a request that is neither a message nor a tool: options, thinking, format. */
import type { ResolvedModel } from '../../models/model.ts';
import type { TurnRequest } from '../../turn/turn.ts';
import { jsonFormat, maxTokens, type Format } from '../openai/settings.ts';
import type { Report } from '../parameters.ts';
import { decideThinking, type ThinkingDecision } from '../thinking.ts';
import type { CommonRequest } from './wire.ts';

interface Circumstances {
  readonly model: ResolvedModel;
  readonly maxTokens: number;
  /** The request brings results of tools, and the thinking before the calls is lost. */
  readonly thoughtLost: boolean;
}

/** No number, or a number below 1, means no limit. */
export const parseMaxTokens = (
  { options }: CommonRequest,
  { abilities }: Pick<ResolvedModel, 'abilities'>,
  report: Report,
): number => {
  const asked = options?.num_predict ?? 0;
  return maxTokens(asked > 0 ? asked : undefined, abilities, () => report.emulate('options.num_predict'));
};

export const parseThinking = (
  { think }: CommonRequest,
  { model, ...limits }: Circumstances,
  report: Report,
): ThinkingDecision => {
  const { abilities, effort: named } = model;
  const asked = { abilities, ...limits, toolForced: false };
  if (named !== undefined) {
    if (think === false || typeof think === 'string') report.ignore('think');
    return reported(decideThinking({ ...asked, effort: named }), 'model', report);
  }
  if (think === null || think === undefined) return { fate: 'applied' };
  if (think === true && abilities.thinking === 'adaptive')
    return { fate: 'applied', thinking: { type: 'adaptive', display: 'summarized' } };
  const effort = typeof think === 'string' ? think : think ? 'medium' : 'none';
  return reported(decideThinking({ ...asked, effort }), 'think', report);
};

const reported = (decision: ThinkingDecision, parameter: string, report: Report): ThinkingDecision => {
  if (decision.fate === 'emulated') report.emulate(parameter);
  if (decision.fate === 'ignored') report.ignore(parameter);
  return decision;
};

interface Sampling {
  readonly thinking: boolean;
  readonly model: Pick<ResolvedModel, 'abilities'>;
}

/**
 * A model that thinks takes only its own defaults; temperature takes precedence where a model takes only one of the
 * two.
 */
export const parseSampling = (
  { options }: CommonRequest,
  { thinking, model: { abilities } }: Sampling,
  report: Report,
): Partial<Pick<TurnRequest, 'temperature' | 'top_p' | 'top_k'>> => {
  const out: { temperature?: number; top_p?: number; top_k?: number } = {};
  const { temperature, top_p: topP, top_k: topK } = options ?? {};
  if (typeof temperature === 'number' && report.applies('options.temperature')) {
    if (thinking) report.ignore('options.temperature');
    else out.temperature = Math.min(temperature, 1);
    if (!thinking && temperature > 1) report.emulate('options.temperature');
  }
  if (typeof topP === 'number' && topP !== 1 && report.applies('options.top_p')) {
    const refused = (thinking && topP < 0.95) || (abilities.sampling === 'one' && out.temperature !== undefined);
    if (refused) report.ignore('options.top_p');
    else out.top_p = topP;
  }
  if (typeof topK === 'number' && topK > 0 && report.applies('options.top_k')) {
    if (thinking) report.ignore('options.top_k');
    else out.top_k = topK;
  }
  return out;
};

interface Stops {
  readonly native: { readonly stop_sequences?: string[] };
  /** The API refuses sequences of only white space: those are cut by this server. */
  readonly emulated: readonly string[];
}

export const parseStops = ({ options }: CommonRequest, report: Report): Stops => {
  const { stop } = options ?? {};
  const all = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((one) => one !== '');
  const native = all.filter((one) => one.trim() !== '');
  const emulated = all.filter((one) => one.trim() === '');
  if (emulated.length > 0) report.emulate('options.stop');
  return { native: native.length > 0 ? { stop_sequences: native } : {}, emulated };
};

export const parseFormat = ({ format }: CommonRequest, report: Report): Format => {
  if (format === null || format === undefined || format === '') return {};
  const weaker = (): void => report.emulate('format');
  return jsonFormat(format === 'json' ? undefined : format, { path: ['format'], weaker });
};
