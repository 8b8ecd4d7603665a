/** What clients have asked, some of them badly, some with texts that would do harm if a page took them for its own. */
import { createHash } from 'node:crypto';
import type { PlanState } from '../../src/access/limits/plan-state.ts';
import type { RequestSummary } from '../../src/turn/request-summary.ts';
import { refused, summary } from '../store/summaries.ts';
import { OWNER_KEY, type BrowsedServer } from './server.ts';

/** Text that is an element, ends an attribute, or is a script, where a page does not escape it. */
export const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>'\`&lt;`;

const DAY_MS = 24 * 3_600_000;

/** Some days of two keys, two models and three clients, all of it before today. */
export const pastDays = (days: number): readonly RequestSummary[] =>
  Array.from({ length: days * REQUESTS_A_DAY }, (_, index) => pastRequest(index, days));

const REQUESTS_A_DAY = 12;
const MODELS = ['claude-sonnet-4-5-20250929', 'claude-opus-4-5-20251101', 'claude-haiku-4-5-20251001'] as const;
const CLIENTS = ['opencode', 'claude-cli', 'codex_cli_rs'] as const;
const KEYS = ['laptop', 'team', 'ci'] as const;

/** Follows from the number alone, so that screenshots of it are alike. */
const pastRequest = (index: number, days: number): RequestSummary => {
  const wave = 1 + Math.sin(index / 9) * 0.5 + ((index * 7919) % 13) / 13;
  const at = Date.now() - (days - Math.floor(index / REQUESTS_A_DAY)) * DAY_MS - (index % REQUESTS_A_DAY) * 600_000;
  const client = CLIENTS[index % 3] ?? 'opencode';
  const more = {
    id: `req_past_${index}`,
    at,
    key: { id: `key_${index % 3}`, name: KEYS[(index >> 1) % 3] ?? 'ci' },
    client: { name: client, userAgent: `${client}/1.0`, session: `session-${index % 5}` },
  };
  if (index % 17 === 5) return refused(more);
  return summary({
    ...more,
    modelAsked: index % 2 === 0 ? 'sonnet' : 'opus',
    model: MODELS[(index >> 2) % 3] ?? MODELS[0],
    tokens: {
      input: Math.round(900 * wave),
      output: Math.round(700 * wave),
      cacheRead: Math.round(21_000 * wave),
      cacheWrite5m: Math.round(1_800 * wave),
      cacheWrite1h: 0,
      thinking: Math.round(200 * wave),
    },
    cost: index % 29 === 3 ? { usd: 'unknown', basis: 'unknown' } : { usd: 0.04 * wave, basis: 'list' },
    durationMs: Math.round(2_500 * wave),
    firstTokenMs: Math.round(600 * wave),
  });
};

/** As the owner's key is named where keys are told apart. */
const OWNER = createHash('sha256').update(OWNER_KEY).digest('hex').slice(0, 12);

/** A plan in the middle of its five hours, used by three keys. */
export const busyPlan = (now: number): PlanState => {
  const hour = 3_600_000;
  const window = { status: 'allowed', seenAt: now, pending: {} } as const;
  const samples = (from: number, to: number): [number, number][] => [
    [now - hour, from],
    [now, to],
  ];
  return {
    windows: {
      five_hour: {
        ...window,
        utilization: 0.62,
        resetsAt: now + 2.5 * hour,
        shares: { [OWNER]: 0.31 },
        samples: samples(0.4, 0.62),
      },
      seven_day: {
        ...window,
        utilization: 0.34,
        resetsAt: now + 80 * hour,
        shares: { [OWNER]: 0.2 },
        samples: samples(0.338, 0.34),
      },
      seven_day_opus: {
        ...window,
        status: 'allowed_warning',
        utilization: 0.91,
        resetsAt: now + 80 * hour,
        shares: {},
        samples: [],
      },
    },
    coolDowns: {},
  };
};

/** Real requests through the running server: answered, failed, refused, and hostile in every field that a client fills. */
export const makeTraffic = async ({ ask }: BrowsedServer): Promise<void> => {
  const made = await ask('/admin/keys', { body: { name: HOSTILE, aliases: { [HOSTILE]: 'haiku' } } });
  const { secret } = (await made.json()) as { secret: string };
  const headers = { 'user-agent': HOSTILE, 'x-title': HOSTILE, 'x-session-id': HOSTILE };
  const asked = async (path: string, body: unknown, key = OWNER_KEY): Promise<number> => {
    const response = await ask(path, { body, key, headers });
    await response.text();
    return response.status;
  };
  const messages = [{ role: 'user', content: `Hello ${HOSTILE}` }];
  const statuses = await Promise.all([
    asked('/v1/chat/completions', { model: HOSTILE, messages, seed: 7, stream: true }, secret),
    asked('/v1/messages', { model: 'haiku', max_tokens: 50, messages }),
    asked('/v1/chat/completions', { model: HOSTILE, messages: HOSTILE }),
    asked('/v1/chat/completions', { model: 'sonnet', messages }, HOSTILE),
  ]);
  if (statuses.join() !== '200,200,400,401') throw new Error(`The traffic ended with ${statuses.join()}.`);
  await untilRecorded(statuses.length, ask);
};

/** The ledger is written behind the answers. */
const untilRecorded = async (wanted: number, ask: BrowsedServer['ask']): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const response = await ask(`/admin/requests?${new URLSearchParams({ client: HOSTILE }).toString()}`);
    const { requests } = (await response.json()) as { requests: unknown[] };
    if (requests.length >= wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The ledger does not have what was asked.');
};
