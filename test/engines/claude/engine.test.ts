import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Message, Tool } from '../../../src/turn/turn.ts';
import { run, sentBody, sentMessages, plain, slowToContinue, startLab, turnOf, ways, type Lab } from './support.ts';

const readTool: Tool = {
  name: 'read',
  description: 'Reads a file',
  input_schema: { type: 'object', properties: { path: { type: 'string' } } },
};
const bashTool: Tool = {
  name: 'Bash',
  description: 'x'.repeat(9000),
  input_schema: { type: 'object', properties: { command: { type: 'string' } } },
};

describe.each(ways)('the Claude engine with the real CLI ($way)', ({ recycle }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ recycle });
    await lab.engine.warmUp();
  });
  beforeEach(() => lab.upstream.clear());
  afterAll(() => lab.close());

  it('answers a first turn and goes on with the second on the same process', async () => {
    const first = await run(
      lab,
      turnOf({ system: 'Be brief.', messages: [{ role: 'user', content: 'Hello /compact @/etc/hostname' }] }),
    );
    expect(first.strategy).toBe(recycle ? 'fresh' : 'start');
    expect(first.text).toContain('Hello /compact @/etc/hostname');
    const messages: Message[] = [
      { role: 'user', content: 'Hello /compact @/etc/hostname' },
      { role: 'assistant', content: first.text.trim() },
      { role: 'user', content: 'And again' },
    ];
    const second = await run(lab, turnOf({ system: 'Be brief.', messages }));
    expect(second.strategy).toBe('continue');
    expect(lab.upstream.messageRequests).toHaveLength(2);
    expect(sentMessages(lab)).toEqual(plain(messages.with(1, { role: 'assistant', content: first.text })));
  });

  it('suspends parallel calls and goes on with their results: one upstream request a step', async () => {
    const question: Message = {
      role: 'user',
      content: 'Look [[tool:read {"path":"a"}]] [[tool:Bash {"command":"ls"}]]',
    };
    const first = await run(lab, turnOf({ tools: [readTool, bashTool], messages: [question] }));
    expect(first.calls.map((call) => call.name)).toEqual(['read', 'Bash']);
    const messages: Message[] = [
      question,
      { role: 'assistant', content: first.message.content },
      {
        role: 'user',
        content: first.calls.map((call) => ({
          type: 'tool_result',
          tool_use_id: call.id,
          content: `result of ${call.name}`,
        })),
      },
    ];
    const second = await run(lab, turnOf({ tools: [readTool, bashTool], messages }));
    expect(second.strategy).toBe('answer');
    expect(second.message.stop_reason).toBe('end_turn');
    expect(lab.upstream.messageRequests).toHaveLength(2);
    expect(sentMessages(lab)).toEqual(plain(messages));
    expect(sentBody(lab)['tools']).toEqual([readTool, bashTool]);
  });

  it('takes large results of parallel calls to the model as they are', async () => {
    const question: Message = {
      role: 'user',
      // An answer that repeated a result would end at max_tokens, all at once, and Claude Code would ask again.
      content: 'Look [[tool:read {"path":"a"}]] [[tool:read {"path":"b"}]] [[then]] [[text:Both read]]',
    };
    const first = await run(lab, turnOf({ tools: [readTool], messages: [question] }));
    const results = first.calls.map(({ id }, n) => ({
      type: 'tool_result' as const,
      tool_use_id: id,
      content: `${n} ${'large '.repeat(40_000)}`,
    }));
    const messages: Message[] = [
      question,
      { role: 'assistant', content: first.message.content },
      { role: 'user', content: results },
    ];
    const second = await run(lab, turnOf({ tools: [readTool], messages }));
    expect(second.strategy).toBe('answer');
    expect(second.message.stop_reason).toBe('end_turn');
    expect(lab.upstream.messageRequests).toHaveLength(2);
    expect(isDeepStrictEqual(sentMessages(lab), plain(messages))).toBe(true);
  });

  it('ends at max_tokens with one completed request', async () => {
    lab.upstream.script(slowToContinue);
    const ran = await run(lab, turnOf({ max_tokens: 5, messages: [{ role: 'user', content: '[[tokens:50]]' }] }));
    expect(ran.message.stop_reason).toBe('max_tokens');
    await expect.poll(() => lab.engine.health().gauges['sessions_running'], { timeout: 30_000 }).toBe(0);
    expect(lab.upstream.messageRequests.filter(({ completed }) => completed)).toHaveLength(1);
  });
});
