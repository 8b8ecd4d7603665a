/**
 * Directives in the text of a user: `[[name]]` or `[[name:argument]]`, so that an answer can be
 * scripted with nothing but a request. The list stands in `upstream.ts`.
 */
import { invalid, type DemoAnswer, type DemoBlock } from './answer.ts';
import type { StopReason } from '../turn/turn.ts';

export interface Step {
  readonly answer: DemoAnswer;
  /** The text around the directives, for the echo. */
  readonly rest: string;
  /** Set by `times=N`: the failure happens for the first N equal requests only. */
  readonly times?: number;
}

interface Found {
  readonly name: string;
  readonly argument: string;
}

type Draft = { -readonly [Key in keyof DemoAnswer]: DemoAnswer[Key] } & { blocks: DemoBlock[]; times?: number };

export const hasDirectives = (text: string): boolean => /\[\[[a-z-]+[:\]]/.test(text);

/** Directives of a text, one step for each part between `[[then]]`. Throws a 400 for one it cannot read. */
export const parseSteps = (text: string): readonly Step[] => text.split('[[then]]').map(parseStep);

const parseStep = (text: string): Step => {
  const { found, rest } = scan(text);
  const draft: Draft = { blocks: [] };
  for (const directive of found) apply(draft, directive);
  const { blocks, times, ...answer } = draft;
  return {
    answer: blocks.length > 0 ? { ...answer, content: blocks } : answer,
    rest: rest.trim(),
    ...(times === undefined ? {} : { times }),
  };
};

const scan = (text: string): { found: readonly Found[]; rest: string } => {
  const found: Found[] = [];
  let rest = '';
  let position = 0;
  for (const match of text.matchAll(/\[\[([a-z-]+)(?=:|\]\])/g)) {
    if (match.index < position) continue;
    const name = match[1] ?? '';
    const start = match.index + match[0].length;
    const end = endOf(text, name, start);
    rest += text.slice(position, match.index);
    found.push({ name, argument: text.slice(start + 1, end) });
    position = end + 2;
  }
  return { found, rest: rest + text.slice(position) };
};

/** Where the closing brackets stand: for a tool, the first ones after which its JSON is whole. */
const endOf = (text: string, name: string, start: number): number => {
  for (let end = text.indexOf(']]', start); end !== -1; end = text.indexOf(']]', end + 1)) {
    if (name !== 'tool' || isToolArgument(text.slice(start + 1, end))) return end;
  }
  throw invalid(`Demo directive [[${name}…: the closing ]] or valid JSON is missing.`);
};

const TOOL = /^([\w-]+)\s*(\{[\s\S]*)?$/;

const isToolArgument = (argument: string): boolean => {
  const match = TOOL.exec(argument);
  if (match === null) return false;
  try {
    JSON.parse(match[2] ?? '{}');
    return true;
  } catch {
    // Not whole yet: the caller looks for the next closing brackets.
    return false;
  }
};

const apply = (draft: Draft, { name, argument }: Found): void => {
  const handler = DIRECTIVES[name];
  if (handler === undefined)
    throw invalid(`Demo directive [[${name}]] is not known; known are ${Object.keys(DIRECTIVES).join(', ')}, then.`);
  handler(draft, argument);
};

const DIRECTIVES: Readonly<Record<string, (draft: Draft, argument: string) => void>> = {
  text: (draft, text) => draft.blocks.push({ type: 'text', text }),
  think: (draft, thinking) => draft.blocks.push({ type: 'thinking', thinking }),
  tool: (draft, argument) => {
    const [, name = '', json = '{}'] = TOOL.exec(argument) ?? [];
    draft.blocks.push({ type: 'tool_use', name, input: JSON.parse(json) });
  },
  tokens: (draft, count) => draft.blocks.push({ type: 'text', text: manyWords(integer('tokens', count)) }),
  stop: (draft, reason) => (draft.stopReason = reason as StopReason),
  refuse: (draft) => (draft.stopReason = 'refusal'),
  pause: (draft) => (draft.stopReason = 'pause_turn'),
  slow: (draft, ms) => (draft.delayMs = integer('slow', ms)),
  first: (draft, ms) => (draft.firstByteDelayMs = integer('first', ms)),
  chunk: (draft, words) => (draft.wordsPerDelta = integer('chunk', words)),
  error: (draft, argument) => {
    const { value, options } = readOptions(draft, argument);
    const retryAfter = options['retry-after'];
    draft.failure = {
      status: integer('error', value),
      ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
    };
  },
  'error-mid': (draft, argument) => {
    const { value, options } = readOptions(draft, argument);
    draft.breaks = { kind: 'error', ...(value === '' ? {} : { errorType: value }), ...after(options['after']) };
  },
  cut: (draft, argument) => {
    draft.breaks = { kind: 'cut', ...after(readOptions(draft, argument).value) };
  },
  hang: (draft, argument) => {
    const { value } = readOptions(draft, argument);
    if (value === '') draft.hang = true;
    else draft.breaks = { kind: 'hang', ...after(value) };
  },
};

/** `429 retry-after=2 times=1`: one value and named options; `times` goes to the draft. */
const readOptions = (
  draft: Draft,
  argument: string,
): { value: string; options: Readonly<Record<string, string | undefined>> } => {
  const words = argument.split(/\s+/).filter((word) => word !== '');
  const options = Object.fromEntries(
    words.filter((word) => word.includes('=')).map((word) => word.split('=', 2) as [string, string]),
  );
  if (options['times'] !== undefined) draft.times = integer('times', options['times']);
  return { value: words.find((word) => !word.includes('=')) ?? '', options };
};

const after = (deltas: string | undefined): { afterDeltas?: number } =>
  deltas === undefined || deltas === '' ? {} : { afterDeltas: integer('after', deltas) };

const integer = (name: string, text: string): number => {
  if (!/^\d+$/.test(text)) throw invalid(`Demo directive ${name}: "${text}" is not a whole number.`);
  return Number(text);
};

const manyWords = (count: number): string => Array.from({ length: count }, (_, index) => `word${index + 1}`).join(' ');
