/**
 * How many messages, blocks and tools a request may have. The bounds are far above what fits into a model's context,
 * and low enough that reading one request does not stop the others, which share the event loop.
 */
import type { Path } from './validate.ts';

export const MOST = { messages: 10_000, blocks: 20_000, tools: 2_000 } as const;

const counted = (most: number): string => most.toLocaleString('en-US');

/** The bounds as sentences for the parameter tables. */
export const MOST_MESSAGES = `${counted(MOST.messages)} messages, or ${counted(MOST.blocks)} content blocks in them`;
export const MOST_TOOLS = `${counted(MOST.tools)} tools`;

export interface OverBound {
  readonly path: Path;
  readonly problem: string;
}

/** The first bound that a body exceeds. Accepts any body, also a malformed one. */
export const overBound = (body: unknown): OverBound | undefined => {
  if (typeof body !== 'object' || body === null) return undefined;
  const { messages, input, system, tools, functions } = body as Loose;
  const lists = [
    ['messages', messages, MOST.messages],
    ['input', input, MOST.messages],
    ['system', system, MOST.blocks],
    ['tools', tools, MOST.tools],
    ['functions', functions, MOST.tools],
  ] as const;
  for (const [name, list, most] of lists) if (lengthOf(list) > most) return over([name], most, 'entries');
  return overInBlocks('messages', messages) ?? overInBlocks('input', input);
};

type Loose = Readonly<Record<string, unknown>>;

const over = (path: Path, most: number, what: string): OverBound => ({
  path,
  problem: `at most ${counted(most)} ${what} are accepted in one request.`,
});

const overInBlocks = (name: string, messages: unknown): OverBound | undefined => {
  let blocks = 0;
  for (const [index, message] of listOf(messages).entries()) {
    const content = message?.['content'];
    blocks += lengthOf(content) + lengthOf(message?.['tool_calls']) + lengthOf(message?.['output']);
    for (const block of listOf(content)) blocks += lengthOf(block?.['content']);
    if (blocks > MOST.blocks) return over([name, index], MOST.blocks, 'content blocks');
  }
  return undefined;
};

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

const listOf = (value: unknown): readonly (Loose | null | undefined)[] => (Array.isArray(value) ? value : []);
