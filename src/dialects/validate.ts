/**
 * Checks a body against a schema; the first problem becomes a `TurnError` that names the field in the dialect's own
 * style.
 */
import type { z } from 'zod';
import { TurnError } from '../turn/errors.ts';
import { overBound } from './bounds.ts';
import { problemMessage, type Issue } from './problem-messages.ts';

/** `openai`: `messages[2].content`; `anthropic`: `messages.2.content`. */
export type PathStyle = 'openai' | 'anthropic';
export type Path = readonly PropertyKey[];

/** For every `safeParse` of a caller's body. */
export const parseOptions = { reportInput: true, error: problemMessage } as const;

/** Deeper bodies are refused, so that later code may recurse. */
const DEEPEST = 500;

export const check = <Out>(schema: z.ZodType<Out>, body: unknown, style: PathStyle): Out => {
  if (isDeeper(body, DEEPEST)) throw invalid(style, [], `it is nested more than ${DEEPEST} levels deep.`);
  const over = overBound(body);
  if (over !== undefined) throw invalid(style, over.path, over.problem);
  const result = schema.safeParse(body, parseOptions);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw invalid(
    style,
    ...(first === undefined ? ([[], 'Invalid request.'] as const) : describeProblem(deepest(first, []))),
  );
};

/** `invalid_request` for a field, with its path in the dialect's style. */
export const invalid = (style: PathStyle, path: Path, problem: string): TurnError => {
  const param = pathText(style, path);
  if (param === '') return new TurnError('invalid_request', `Invalid request body: ${problem}`);
  return new TurnError(
    'invalid_request',
    style === 'openai' ? `Invalid value for '${param}': ${problem}` : `${param}: ${problem}`,
    { param },
  );
};

export const pathText = (style: PathStyle, path: Path): string =>
  path
    .map((step, index) =>
      typeof step === 'number' && style === 'openai'
        ? `[${step}]`
        : `${index === 0 ? '' : '.'}${String(step).slice(0, 64)}`,
    )
    .join('');

/** Recursion that stops at `levels`: it cannot overflow the stack, and it allocates nothing. */
const isDeeper = (value: unknown, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((element) => isDeeper(element, levels - 1));
  for (const name in value) if (isDeeper((value as Record<string, unknown>)[name], levels - 1)) return true;
  return false;
};

interface Problem {
  readonly path: Path;
  readonly issue: Issue;
}

/** In a union, the alternative that matched most is the one that the caller meant. */
const deepest = (issue: Issue, base: Path): Problem => {
  const here: Problem = { path: [...base, ...issue.path], issue };
  if (issue.code !== 'invalid_union') return here;
  const inner = issue.errors.flatMap((branch) => branch.slice(0, 1).map((one) => deepest(one, here.path)));
  const furthest = inner.reduce((best, one) => (one.path.length > best.path.length ? one : best), here);
  // The type matches and another check failed: the caller meant that alternative too.
  return furthest === here ? (inner.find((one) => !WRONG_TYPE.has(one.issue.code ?? '')) ?? here) : furthest;
};

const WRONG_TYPE: ReadonlySet<string> = new Set(['invalid_type', 'invalid_value', 'invalid_union']);

const describeProblem = ({ path, issue }: Problem): readonly [Path, string] => {
  const missing = issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
  if (issue.input === undefined && missing) return [path, 'this field is required.'];
  return [path, `${issue.message}.`];
};
