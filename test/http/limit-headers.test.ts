import { describe, expect, it } from 'vitest';
import { limitHeaders as openAiNames } from '../../src/dialects/openai/limit-headers.ts';
import { limitHeaders, secondsUntilReset } from '../../src/http/answer/limit-headers.ts';
import type { Notice } from '../../src/turn/events.ts';

const nowMs = Date.parse('2026-11-22T12:00:00Z');
const inSeconds = (seconds: number) => nowMs / 1000 + seconds;

const upstream: Notice = {
  kind: 'headers',
  headers: {
    'request-id': 'req_up',
    'Anthropic-RateLimit-Requests-Limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2026-11-22T12:01:05Z',
    'anthropic-ratelimit-tokens-limit': '1000',
    'anthropic-ratelimit-tokens-reset': 'not a date',
    'set-cookie': 'secret',
  },
};
const window = (status: 'allowed' | 'allowed_warning' | 'rejected', resetsAt?: number): Notice => ({
  kind: 'rate_limit',
  limit: { status, window: 'five_hour', utilization: 0.93, ...(resetsAt !== undefined && { resetsAt }) },
});

const forOpenAi = (notices: readonly Notice[]) => ({
  ...limitHeaders(notices),
  ...openAiNames(limitHeaders(notices), nowMs),
});

describe('rate limits as headers', () => {
  it("pass the API's own through, and nothing else of the upstream", () => {
    expect(limitHeaders([upstream])).toEqual({
      'x-upstream-request-id': 'req_up',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-11-22T12:01:05Z',
      'anthropic-ratelimit-tokens-limit': '1000',
      'anthropic-ratelimit-tokens-reset': 'not a date',
    });
  });

  it("have OpenAI's names for OpenAI's clients", () => {
    expect(forOpenAi([upstream])).toMatchObject({
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-remaining-requests': '49',
      'x-ratelimit-reset-requests': '1m5s',
      'x-ratelimit-limit-tokens': '1000',
    });
    expect(forOpenAi([upstream])).not.toHaveProperty('x-ratelimit-reset-tokens');
  });

  it('tell the window of a subscription', () => {
    expect(forOpenAi([window('allowed_warning', inSeconds(7_384))])).toEqual({
      'anthropic-ratelimit-unified-status': 'allowed_warning',
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-reset': String(inSeconds(7_384)),
      'anthropic-ratelimit-unified-5h-reset': String(inSeconds(7_384)),
      'anthropic-ratelimit-unified-5h-utilization': '0.93',
      'x-ratelimit-reset-requests': '2h3m4s',
    });
  });

  it('say nothing where nothing is known', () => {
    expect(forOpenAi([{ kind: 'strategy', strategy: 'start' }])).toEqual({});
  });
});

describe('the time to come back', () => {
  it.each<[string, Notice[], number | undefined]>([
    ['is that of the limit that refused', [window('rejected', inSeconds(90))], 90],
    ['is the latest of several', [window('rejected', inSeconds(90)), window('rejected', inSeconds(3600))], 3600],
    ['is at least a second', [window('rejected', inSeconds(-5))], 1],
    ['is unknown where the limit allowed', [window('allowed', inSeconds(90))], undefined],
    ['is unknown where no time was told', [window('rejected')], undefined],
  ])('%s', (_name, notices, expected) => expect(secondsUntilReset(notices, nowMs)).toBe(expected));
});
