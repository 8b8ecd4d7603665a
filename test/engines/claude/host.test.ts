/** Nothing of the host reaches the model; with a login, only what Claude Code cannot be asked to leave out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../../src/turn/turn.ts';
import { plain, run, sentBody, sentMessages, startLab, turnOf, type Lab, type Ran } from './support.ts';

const messages: Message[] = [{ role: 'user', content: '/compact @/etc/hostname\n!ls\n# remember' }];
/** The most that Claude Code may add to a first message, in characters: environment, model and date. */
const MOST_ADDED = 1_600;

const textsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : (value as { type: string; text?: string }[]).flatMap(({ text }) => (text === undefined ? [] : [text]));

describe('with an API key', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab.close());

  it('messages arrive as they are, the system prompt behind the two lines of Claude Code, and nothing else', async () => {
    await run(
      lab,
      turnOf({
        system: [
          { type: 'text', text: 'One' },
          { type: 'text', text: 'Two' },
        ],
        messages,
        metadata: { user_id: 'u1' },
      }),
    );
    const body = sentBody(lab);
    expect(sentMessages(lab)).toEqual(plain(messages));
    expect(textsOf(body['system']).slice(2)).toEqual(['One\n\nTwo']);
    expect(textsOf(body['system'])).toHaveLength(3);
    expect(body).toMatchObject({ tools: [], metadata: { user_id: 'u1' } });
    expect(
      lab.upstream.requests.map(({ path }) => path.replace(/\?.*/, '')).filter((path) => path !== '/v1/messages'),
    ).toEqual([]);
  });

  it('without a system prompt there is none but the two lines', async () => {
    await run(lab, turnOf({ messages }));
    expect(textsOf(sentBody(lab)['system'])).toHaveLength(2);
  });

  it('a system message in mid-conversation travels as Claude Code itself sends one', async () => {
    await run(lab, turnOf({ messages: [...messages, { role: 'system', content: 'Mind this' }] }));
    expect(sentMessages(lab)).toEqual([
      {
        role: 'user',
        content: [...blocks(messages), { type: 'text', text: '<system-reminder>\nMind this\n</system-reminder>' }],
      },
    ]);
  });
});

const blocks = (given: Message[]) => (plain(given) as { content: object[] }[]).flatMap(({ content }) => content);

describe('with a login', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ credentialKind: 'subscription' });
    const { childEnv } = lab.options();
    const { ANTHROPIC_API_KEY: _, ...env } = childEnv;
    await lab.engine.close();
    lab.restart({ childEnv: { ...env, CLAUDE_CODE_OAUTH_TOKEN: 'demo-token' } });
  });
  afterAll(() => lab.close());

  it('the token travels as Bearer, and what is added stays small', async () => {
    await run(lab, turnOf({ system: 'S', messages, metadata: { user_id: 'u1' } }));
    const [request] = lab.upstream.messageRequests;
    expect(request?.headers['authorization']).toBe('Bearer demo-token');
    const [message, ...others] = sentMessages(lab) as { content: { text: string }[] }[];
    expect(others).toEqual([]);
    expect(message?.content.at(-1)).toEqual(blocks(messages)[0]);
    const added =
      message?.content
        .slice(0, -1)
        .map(({ text }) => text)
        .join('') ?? '';
    expect(added.length).toBeLessThan(MOST_ADDED);
    expect(added).not.toContain('CLAUDE.md');
    // The one workspace it names is said to be none.
    expect(added).toMatch(/Primary working directory: \S+files-are-on-the-clients-machine\n/);
    expect(textsOf(sentBody(lab)['system']).slice(2)).toEqual(['S']);
  });

  it('what the API says of the limits with one answer is told with the next', async () => {
    const resetsAt = Math.floor(Date.now() / 1000) + 3_600;
    const headers = {
      'anthropic-ratelimit-unified-status': 'allowed_warning',
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-reset': String(resetsAt),
      'anthropic-ratelimit-unified-5h-reset': String(resetsAt),
      'anthropic-ratelimit-unified-5h-utilization': '0.93',
      'anthropic-ratelimit-unified-5h-surpassed-threshold': '0.9',
    };
    lab.upstream.script(() => ({ content: [{ type: 'text', text: 'ok' }], headers }));
    const limitsOf = ({ events }: Ran) =>
      events.flatMap((event) =>
        event.type === 'notice' && event.notice.kind === 'rate_limit' ? [event.notice.limit] : [],
      );
    await run(lab, turnOf({ messages }));
    // The word comes a moment after the answer.
    await expect
      .poll(async () => limitsOf(await run(lab, turnOf({ messages }))).at(-1), { timeout: 30_000 })
      .toMatchObject({ window: 'five_hour', resetsAt });
  });

  it('Claude Code says itself whose request it is', async () => {
    await run(lab, turnOf({ messages, metadata: { user_id: 'u1' } }));
    expect(sentBody(lab)['metadata']).not.toEqual({ user_id: 'u1' });
  });
});
