/** Requests as the ledger gets them. */
import { noTokens, type RequestSummary } from '../../src/turn/request-summary.ts';

let count = 0;

export const summary = (more: Partial<RequestSummary> = {}): RequestSummary => ({
  id: `req_${String((count += 1)).padStart(6, '0')}`,
  at: Date.parse('2026-11-24T12:00:00Z'),
  endpoint: 'POST /v1/messages',
  dialect: 'anthropic-messages',
  key: { id: 'key_1', name: 'ci' },
  client: { name: 'claude-cli', userAgent: 'claude-cli/2.1.9 (external, cli)', session: 'session-1' },
  modelAsked: 'sonnet',
  model: 'claude-sonnet-5-5',
  status: 200,
  tokens: { ...noTokens, input: 10, output: 20 },
  webSearches: 0,
  cost: { usd: 0.25, basis: 'list' },
  queueMs: 1,
  firstTokenMs: 400,
  durationMs: 900,
  strategy: 'continue',
  stopReason: 'end_turn',
  streamed: true,
  retries: 0,
  ...more,
});

export const refused = (more: Partial<RequestSummary> = {}): RequestSummary => ({
  id: `req_${String((count += 1)).padStart(6, '0')}`,
  at: Date.parse('2026-11-24T12:00:00Z'),
  endpoint: 'POST /v1/chat/completions',
  dialect: 'openai-chat',
  client: {},
  status: 400,
  error: { code: 'invalid_request', param: 'messages', message: 'messages must not be empty.' },
  tokens: noTokens,
  webSearches: 0,
  cost: { usd: 0, basis: 'none' },
  queueMs: 0,
  durationMs: 2,
  streamed: false,
  retries: 0,
  ...more,
});

/** The request of a number: every field follows from it, so that half a row shows. */
export const numbered = (n: number): RequestSummary =>
  summary({
    id: `req_${n}`,
    at: 1_700_000_000_000 + n,
    modelAsked: `model-${n}`,
    tokens: { input: n, output: n + 1, cacheRead: n + 2, cacheWrite5m: n + 3, cacheWrite1h: n + 4, thinking: n + 5 },
    cost: { usd: n / 4, basis: 'list' },
    durationMs: n,
    ignored: ['seed', `ignored-${n}`],
    emulated: [`emulated-${n}`],
  });
