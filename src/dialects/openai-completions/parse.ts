/** A prompt to a turn: one user message. */
import { TurnError } from '../../turn/errors.ts';
import type { ParseContext, ParsedRequest } from '../dialect.ts';
import { checkShape } from '../body-shape.ts';
import { check, invalid } from '../validate.ts';
import { parseUser } from '../openai/settings.ts';
import { parseMaxTokens, parseStops } from '../openai-chat/parse-settings.ts';
import type { ResolvedModel } from '../../models/model.ts';
import { Report } from '../parameters.ts';
import { decideThinking, type ThinkingDecision } from '../thinking.ts';
import { parseSampling } from '../openai/sampling.ts';
import { completionParameters } from './parameters.ts';
import { completionRequest, type CompletionRequest } from './wire.ts';

export interface CompletionAnswer {
  readonly includeUsage: boolean;
  /** Text to send before the answer (`echo`); empty where it was not asked for. */
  readonly echo: string;
  /** Unix seconds. */
  readonly created: number;
}

export const parse = (body: unknown, context: ParseContext): ParsedRequest<CompletionAnswer> => {
  checkShape(body, 'prompt', 'openai');
  const asked = check(completionRequest, body, 'openai');
  const model = context.resolveModel(asked.model);
  const report = new Report(
    completionParameters,
    { ...context, abilities: model.abilities },
    { style: 'openai', unknown: 'ignored' },
  );
  report.add(asked);
  const prompt = promptOf(asked.prompt);
  const stops = parseStops(asked.stop, report);
  const max_tokens = parseMaxTokens(asked, model.abilities, report);
  const { thinking, effort } = thinkingOf(model, max_tokens, report);
  return {
    request: {
      model: model.id,
      max_tokens,
      messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
      ...parseSampling(
        { temperature: asked.temperature, topP: asked.top_p, abilities: model.abilities, thinking: thinks(thinking) },
        report,
      ),
      ...stops.native,
      ...(thinking && { thinking }),
      ...(effort && { output_config: { effort } }),
      ...parseUser(asked.user),
    },
    betas: context.betas,
    model,
    stream: asked.stream === true,
    report: report.done(),
    emulatedStops: stops.emulated,
    answer: {
      includeUsage: asked.stream_options?.include_usage === true,
      echo: asked.echo === true ? prompt : '',
      created: context.now,
    },
  };
};

/** Only the model's name can set an effort in this API. */
const thinkingOf = ({ effort, abilities }: ResolvedModel, maxTokens: number, report: Report): ThinkingDecision => {
  if (effort === undefined) return { fate: 'applied' };
  const decision = decideThinking({ effort, maxTokens, abilities, toolForced: false, thoughtLost: false });
  if (decision.fate === 'emulated') report.emulate('model');
  if (decision.fate === 'ignored') report.ignore('model');
  return decision;
};

const thinks = (thinking: ThinkingDecision['thinking']): boolean =>
  thinking !== undefined && thinking.type !== 'disabled';

const promptOf = (prompt: CompletionRequest['prompt']): string => {
  const all = typeof prompt === 'string' ? [prompt] : (prompt ?? []);
  if (all.some((one) => typeof one !== 'string')) {
    throw new TurnError(
      'unsupported_parameter',
      "Unsupported value for 'prompt': token numbers mean nothing to Claude; send text.",
      { param: 'prompt' },
    );
  }
  if (all.length > 1) {
    throw new TurnError('unsupported_parameter', "Unsupported value for 'prompt': send one prompt a request.", {
      param: 'prompt',
    });
  }
  const [text] = all;
  if (typeof text !== 'string' || text.trim() === '') throw invalid('openai', ['prompt'], 'the prompt must have text.');
  return text;
};
