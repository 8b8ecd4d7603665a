import { describe, expect, it } from 'vitest';
import { announceTo, clientInfo, noTokens, tokenCounts, type RequestSummary } from '../../src/turn/request-summary.ts';

describe('tokenCounts', () => {
  it('takes the split of cache writes and the thinking', () => {
    const counts = tokenCounts({
      input_tokens: 1,
      output_tokens: 2,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 9,
      cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 5 },
      output_tokens_details: { thinking_tokens: 1 },
    });
    expect(counts).toEqual({ input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5, thinking: 1 });
  });

  it('takes cache writes without a split for those of five minutes', () => {
    expect(tokenCounts({ cache_creation_input_tokens: 9, cache_creation: null }).cacheWrite5m).toBe(9);
  });

  it('is zero for what the API does not tell', () => {
    expect(tokenCounts({})).toEqual(noTokens);
    expect(tokenCounts({ cache_read_input_tokens: null, output_tokens_details: null })).toEqual(noTokens);
  });
});

describe('clientInfo', () => {
  it.each([
    ['claude-cli/2.1.9 (external, cli)', 'claude-cli'],
    ['OpenAI/JS 7.57.0', 'OpenAI'],
    ['python-requests', 'python-requests'],
    ['Mozilla/5.0 (X11; Linux) Safari', 'Mozilla'],
    ['(odd)', undefined],
  ])('names %s', (userAgent, name) => {
    expect(clientInfo(new Headers({ 'user-agent': userAgent })).name).toBe(name);
  });

  it('prefers the title that an app gives itself, and the most exact session', () => {
    const headers = new Headers({
      'user-agent': 'node',
      'x-title': 'Cline',
      'x-session-id': 'b',
      'x-claude-code-session-id': 'a',
    });
    expect(clientInfo(headers)).toEqual({ name: 'Cline', userAgent: 'node', session: 'a' });
  });

  it('says nothing where the client says nothing, and cuts what is long', () => {
    expect(clientInfo(new Headers())).toEqual({});
    expect(clientInfo(new Headers({ 'user-agent': 'x'.repeat(5000) })).userAgent).toHaveLength(200);
    expect(clientInfo(new Headers({ 'user-agent': '\u00e9\u0080a' })).userAgent).toBe('a');
  });
});

describe('announceTo', () => {
  it('tells every listener, also after one that throws', () => {
    const heard: string[] = [];
    const errors: object[] = [];
    const announce = announceTo(
      [
        () => {
          throw new Error('broken');
        },
        ({ id }) => heard.push(id),
      ],
      { error: (fields) => errors.push(fields) },
    );
    announce({ id: 'req_1' } as RequestSummary);
    expect(heard).toEqual(['req_1']);
    expect(errors).toHaveLength(1);
  });
});
