/** Tokens are counted by the API; an estimate of Claude Code is no count. With the real CLI. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Tool } from '../../../src/turn/turn.ts';
import { failureOf, goOn } from './ends-support.ts';
import { plain, run, sentMessages, startLab, turnOf, ways, type Lab } from './support.ts';

const tools: Tool[] = [{ name: 'read', description: 'Reads a file', input_schema: { type: 'object' } }];
const NEVER = new AbortController().signal;
const counts = ({ upstream }: Lab) => upstream.requests.filter(({ path }) => path.includes('/count_tokens'));

describe.each(ways)('a count of tokens ($way)', ({ recycle }) => {
  let lab: Lab;
  afterEach(() => lab.close());

  it('is the API’s: of system prompt, tools and messages, each asked for once', async () => {
    lab = await startLab({ recycle });
    const turn = turnOf({ system: 'Be brief.', tools, messages: [{ role: 'user', content: 'Hello '.repeat(100) }] });
    expect(await lab.engine.countTokens(turn, NEVER)).toBeGreaterThan(150);
    expect(counts(lab)).toHaveLength(3);
    expect(lab.upstream.messageRequests).toHaveLength(0);
  });

  it('leaves out the tools of an earlier turn on its process', async () => {
    lab = await startLab({ recycle });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const first = await run(lab, turnOf({ tools, messages }));
    const next = goOn(messages, first, 'And?');
    const count = await lab.engine.countTokens(turnOf({ messages: next }), NEVER);
    lab.restart();
    expect(await lab.engine.countTokens(turnOf({ messages: next }), NEVER)).toBe(count);
  });

  it.each([
    ['cannot be reached', { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' }],
    ['refuses the login', { ANTHROPIC_API_KEY: 'invalid' }],
  ])('is an error where the API %s, and no estimate', async (_, changed) => {
    lab = await startLab({ recycle });
    const { childEnv } = lab.options();
    lab.restart({ childEnv: { ...childEnv, ...changed } });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    for (const request of [{ messages }, { messages, tools, system: 'Be brief.' }])
      expect(await failureOf(lab.engine.countTokens(turnOf(request), NEVER))).toMatchObject({
        code: 'upstream_unreachable',
        message: expect.stringContaining('did not count'),
      });
  });

  it('is an error of the request where the API counts others', async () => {
    lab = await startLab({ recycle });
    const broken = [{ type: 'text', text: { no: 'text' } }] as never;
    const messages = [
      { role: 'user' as const, content: 'Hello' },
      { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 'toolu_1', name: 'read', input: {} }] },
      {
        role: 'user' as const,
        content: [{ type: 'tool_result' as const, tool_use_id: 'toolu_1', content: broken }],
      },
    ];
    expect(
      await failureOf(lab.engine.countTokens(turnOf({ messages, tools, system: 'Be brief.' }), NEVER)),
    ).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('counts others'),
    });
    const whole = [{ role: 'user' as const, content: 'Hello' }];
    expect(await lab.engine.countTokens(turnOf({ messages: whole }), NEVER)).toBeGreaterThan(0);
  });

  it('changes nothing of the conversation', async () => {
    lab = await startLab({ recycle });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const first = await run(lab, turnOf({ messages }));
    const next = goOn(messages, first, 'And?');
    await lab.engine.countTokens(turnOf({ messages: next }), NEVER);
    await run(lab, turnOf({ messages: next }));
    expect(sentMessages(lab)).toEqual(plain(next));
  });
});
