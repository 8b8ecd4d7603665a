/** What the suites of all JavaScript clients share: the server with a key, one picture, and looks at what reached the upstream. */
import { expect } from 'vitest';
import { dialogueOf, onEveryEngine as onEvery, systemOf, type Arrived, type World } from '../conformance/set-up.ts';
import { until } from '../http/scripted-engine.ts';
import { apiKey, serverSettings } from './server-settings.ts';

export type { World };
export { systemOf };

export { apiKey };
export const model = 'claude-sonnet-4-5-20250929';
/** It refuses to be told that it must call a tool. */
export const unforcedModel = 'claude-sonnet-5-5';
export const onEveryEngine = (name: string, suite: (world: () => World) => void): void =>
  onEvery(name, suite, serverSettings);

/** One pixel. */
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const citySchema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const;

/** Two calls at once, one more after their results, then words. */
export const threeSteps =
  '[[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[tool:get_weather {"city":"Oslo"}]] [[then]] [[text:All sunny]]';

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: unknown;
}

const blocksOf = (request: Arrived): readonly (readonly [string, readonly Block[]])[] =>
  dialogueOf(request).map(({ role, content }) => [role, content as readonly Block[]]);

/** The dialogue in short: `["user", "Hi"]`, a picture as its media type. Only for conversations without tools. */
export const wordsOf = (request: Arrived | undefined): readonly (readonly string[])[] =>
  request === undefined
    ? []
    : blocksOf(request).map(([role, blocks]) => [role, ...blocks.map((block) => block.text ?? block.type)]);

export const lastOf = ({ arrived }: World): Arrived => {
  const last = arrived().at(-1);
  if (last === undefined) throw new Error('nothing reached the upstream');
  return last;
};

/** That the three steps arrived as three requests, the last with every call and its result, in order. */
export const expectThreeSteps = (world: World, resultOf: (city: string) => string): void => {
  expect(world.arrived()).toHaveLength(3);
  const last = lastOf(world);
  const blocks = blocksOf(last);
  const calls = blocks.flatMap(([, content]) => content.filter(({ type }) => type === 'tool_use'));
  expect(calls.map(({ input }) => input)).toEqual([{ city: 'Prague' }, { city: 'Brno' }, { city: 'Oslo' }]);
  const results = blocks.flatMap(([, content]) => content.filter(({ type }) => type === 'tool_result'));
  expect(results.map(({ tool_use_id: id, content }) => [id, textOf(content)])).toEqual(
    calls.map(({ id, input }) => [id, resultOf((input as { city: string }).city)]),
  );
  expect(blocks.map(([role]) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
  for (const { tools } of world.arrived())
    expect(tools).toMatchObject([{ name: 'get_weather', description: 'Weather of a city' }]);
};

const textOf = (content: unknown): string =>
  typeof content === 'string' ? content : (content as readonly Block[]).map(({ text }) => text ?? '').join('');

/** From now on the upstream fails, and says that asking again is of no use. */
export const fail = ({ upstream }: Pick<World, 'upstream'>, status: number): void => {
  upstream.script(() => ({
    failure: { status, headers: { 'x-should-retry': 'false', ...(status === 429 && { 'retry-after': '17' }) } },
  }));
};

/** The upstream has seen its only request being left. */
export const leftUpstream = async ({ upstream }: World): Promise<void> => {
  await until(() => upstream.messageRequests.length > 0 && upstream.messageRequests.every(({ aborted }) => aborted));
};

export const thrownBy = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};
