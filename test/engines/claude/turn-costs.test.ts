/** What an answer cost: by the CLI's own figures, where they are exactly those of the answer. */
import type { ModelUsage } from '@anthropic-ai/claude-agent-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoBlock } from '../../../src/demo/answer.ts';
import { costOfLast, type Answered } from '../../../src/engines/claude/step/turn-costs.ts';
import { costOf } from '../../../src/models/prices.ts';
import { tokenCounts, type Cost } from '../../../src/turn/request-summary.ts';
import type { Message, Tool } from '../../../src/turn/turn.ts';
import { goOn } from './ends-support.ts';
import { MODEL, run, startLab, turnOf, type Lab, type Ran } from './support.ts';

/** The CLI knows its price, the table does not. */
const UNLISTED = 'claude-3-5-haiku-20241022';
const tools: Tool[] = [{ name: 'read', input_schema: { type: 'object' } }];
const call: DemoBlock = { type: 'tool_use', name: 'read', input: {} };
const usage = {
  input_tokens: 1_000,
  output_tokens: 700,
  cache_read_input_tokens: 150_000,
  cache_creation_input_tokens: 3_000,
  cache_creation: { ephemeral_5m_input_tokens: 1_000, ephemeral_1h_input_tokens: 2_000 },
  server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
};

describe('on the CLI', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ spares: 0, maxProcesses: 1 });
  });
  afterAll(() => lab.close());

  const ask = (model: string, messages: Message[], content: DemoBlock[] = [{ type: 'text', text: 'Done.' }]) => {
    lab.upstream.enqueue({ content, usage });
    return run(lab, turnOf({ model, messages, tools }));
  };
  const answered = (messages: Message[], ran: Ran): Message[] => [
    ...messages,
    { role: 'assistant', content: ran.message.content },
    { role: 'user', content: ran.calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'x' })) },
  ];

  it.each([MODEL, 'claude-haiku-5-5', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1'])(
    'the table says of %s what the CLI says, over calls and turns on one process',
    async (model) => {
      const question: Message[] = [{ role: 'user', content: `What is in it, ${model}?` }];
      const first = await ask(model, question, [call]);
      expect(await reported(first)).toBeUndefined();
      const second = await ask(model, answered(question, first), [call]);
      const history = answered(answered(question, first), second);
      const third = await ask(model, history);
      expect(third.strategy).toBe('answer');
      expect(await reported(third)).toEqual(listed(third));
      const fourth = await ask(model, goOn(history, third, 'And then?'));
      expect(fourth.strategy).toBe('continue');
      expect(await reported(fourth)).toEqual(listed(fourth));
    },
  );

  it('a model that only the CLI has a price for is given it, and not where calls of unknown price are in the sum', async () => {
    const question: Message[] = [{ role: 'user', content: 'How much is it?' }];
    const first = await ask(UNLISTED, question);
    expect(listed(first)).toEqual({ usd: 'unknown', basis: 'unknown' });
    expect(await reported(first)).toEqual({ usd: expect.closeTo(0.0298, 9) as number, basis: 'list' });
    const next = goOn(question, first, 'And with a call?');
    const second = await ask(UNLISTED, next, [call]);
    const third = await ask(UNLISTED, answered(next, second));
    expect(third.strategy).toBe('answer');
    expect(await reported(third)).toBeUndefined();
    const fourth = await ask(UNLISTED, goOn(answered(next, second), third, 'And now?'));
    expect(await reported(fourth)).toEqual(await reported(first));
  });

  it('an answer that its reader left is not charged to the next one', async () => {
    const question: Message[] = [{ role: 'user', content: 'Tell me a long story.' }];
    lab.upstream.enqueue({ content: [{ type: 'text', text: 'word '.repeat(2_000) }], usage, delayMs: 2 });
    const leaving = new AbortController();
    for await (const event of lab.engine.run(turnOf({ model: UNLISTED, messages: question }), leaving.signal))
      if (event.type === 'content_block_delta') break;
    leaving.abort();
    const [left, next] = [await ask(UNLISTED, [{ role: 'user', content: 'One.' }]), await ask(UNLISTED, question)];
    for (const ran of [left, next]) {
      const cost = await reported(ran);
      if (cost !== undefined) expect(cost.usd).toBeCloseTo(0.0298, 9);
    }
    expect(await reported(next)).toBeDefined();
  });
});

const reported = async ({ events }: Ran): Promise<Cost | undefined> => {
  const costs = events.flatMap((event) =>
    event.type === 'notice' && event.notice.kind === 'cost' ? [event.notice.cost] : [],
  );
  expect(costs.length).toBeLessThan(2);
  return costs[0];
};

const listed = ({ message }: Pick<Ran, 'message'>): Cost => {
  const cost = costOf({ tokens: tokenCounts(message.usage), webSearches: 1 }, message.model, Date.now());
  return cost.usd === 'unknown' ? cost : ({ ...cost, usd: Number(cost.usd.toFixed(12)) } as Cost);
};

describe('by the figures', () => {
  const answer = { model: MODEL, usage: { ...usage, service_tier: 'standard' } } as Answered;
  const one = 0.08425;
  const figures = (times: number, costUSD: number, more: Partial<ModelUsage> = {}): ModelUsage => ({
    inputTokens: times * usage.input_tokens,
    outputTokens: times * usage.output_tokens,
    cacheReadInputTokens: times * usage.cache_read_input_tokens,
    cacheCreationInputTokens: times * usage.cache_creation_input_tokens,
    webSearchRequests: times,
    costUSD,
    contextWindow: 200_000,
    maxOutputTokens: 32_000,
    costBasis: 'list',
    ...more,
  });
  const cost = (answers: number, now: ModelUsage, others: Record<string, ModelUsage> = {}): Cost | undefined =>
    costOfLast(
      Array.from({ length: answers }, () => answer),
      {
        before: { [MODEL]: figures(5, 1) },
        after: { [MODEL]: now, ...others },
      },
    );

  it.each<[what: string, cost: Cost | undefined, expected: Cost | undefined]>([
    ['one answer: the difference', cost(1, figures(6, 1.2)), { usd: 0.2, basis: 'list' }],
    ['less what the table gave the calls before', cost(3, figures(8, 1.3)), { usd: 0.1315, basis: 'list' }],
    [
      'at rates of the organisation',
      cost(1, figures(6, 1.05, { costBasis: 'managed' })),
      { usd: 0.05, basis: 'managed' },
    ],
    ['not behind calls at list price', cost(2, figures(7, 1.1, { costBasis: 'managed' })), undefined],
    ['not where the CLI knows no price', cost(1, figures(6, 1.2, { costBasis: 'unknown' })), undefined],
    ['nor says what it goes by', cost(1, { ...figures(6, 1.2), costBasis: undefined } as never), undefined],
    ['not where another answer is in it', cost(1, figures(7, 1.4)), undefined],
    ['not where a token is', cost(1, { ...figures(6, 1.2), outputTokens: 6 * 700 + 1 }), undefined],
    ['not where another model is', cost(1, figures(6, 1.2), { other: figures(1, 0.1) }), undefined],
    ['not where the count began anew', cost(1, figures(1, one)), undefined],
    ['not where nothing is left', cost(2, figures(7, 1 + one)), undefined],
    ['not where nothing has changed', cost(1, figures(5, 1)), undefined],
    ['not where nothing was answered', cost(0, figures(6, 1.2)), undefined],
  ])('%s', (_what, given, expected) => expect(given).toEqual(expected));
});
