import { expect, it } from 'vitest';
import { boundedLabel } from '../../src/observe/bounded-label.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { noTokens, type RequestSummary } from '../../src/turn/request-summary.ts';

const summary = (given: Partial<RequestSummary> = {}): RequestSummary => ({
  id: 'req_1',
  at: 0,
  endpoint: 'POST /v1/messages',
  dialect: 'anthropic-messages',
  client: {},
  model: 'claude-sonnet-5-5',
  status: 200,
  tokens: { ...noTokens, input: 10, output: 5, cacheRead: 7 },
  webSearches: 0,
  cost: { usd: 0.25, basis: 'list' },
  queueMs: 20,
  firstTokenMs: 40,
  durationMs: 1_500,
  strategy: 'continue',
  streamed: true,
  retries: 0,
  ...given,
});

const metrics = () =>
  createMetrics({
    slots: () => ({ held: 3, queued: 1 }),
    engine: () => ({ ok: true, gauges: { processes: 4, ended_idle: 2 } }),
    windows: () => Promise.resolve({ five_hour: 0.3 }),
    recorder: () => ({ waiting: 2, lost: 0 }),
  });

const linesOf = async ({ render }: ReturnType<typeof metrics>): Promise<readonly string[]> =>
  (await render()).text.split('\n');

it('adds up requests, tokens, cost and times', async () => {
  const made = metrics();
  made.listener(summary());
  made.listener(
    summary({ status: 429, error: { code: 'queue_full', message: 'full' }, cost: { usd: 0, basis: 'none' } }),
  );
  made.listener(summary({ cost: { usd: 'unknown', basis: 'unknown' } }));
  const lines = await linesOf(made);
  expect(lines).toEqual(
    expect.arrayContaining([
      'proxy_requests_total{dialect="anthropic-messages",model="claude-sonnet-5-5",status="200"} 2',
      'proxy_errors_total{code="queue_full"} 1',
      'proxy_tokens_total{kind="cache_read",model="claude-sonnet-5-5"} 21',
      'proxy_cost_usd_total{model="claude-sonnet-5-5"} 0.25',
      'proxy_unpriced_requests_total{model="claude-sonnet-5-5"} 1',
      'proxy_turns_total{strategy="continue"} 3',
      'proxy_request_seconds_count{dialect="anthropic-messages"} 3',
      'proxy_first_token_seconds_bucket{le="0.05",dialect="anthropic-messages"} 3',
    ]),
  );
});

it('shows what is now', async () => {
  expect(await linesOf(metrics())).toEqual(
    expect.arrayContaining([
      'proxy_requests{state="running"} 3',
      'proxy_engine{figure="processes"} 4',
      'proxy_up{state="ready"} 1',
      'proxy_plan_window_used{window="five_hour"} 0.3',
      'proxy_ledger_rows{state="waiting"} 2',
    ]),
  );
});

it('has a bounded number of series, whatever callers ask for', async () => {
  const made = metrics();
  for (let index = 0; index < 500; index += 1) made.listener(summary({ model: `claude-made-up-${index}` }));
  const series = (await linesOf(made)).filter((line) => line.startsWith('proxy_requests_total{'));
  expect(series).toHaveLength(51);
  expect(series.at(-1)).toContain('model="other"');
});

it('a bounded label keeps what it has seen', () => {
  const label = boundedLabel(2);
  expect(['a', 'b', 'c', 'a', 'd', 'b'].map(label)).toEqual(['a', 'b', 'other', 'a', 'other', 'b']);
});
