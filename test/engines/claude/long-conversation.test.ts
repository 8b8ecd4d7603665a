/** Two hundred turns with tools, half of them through restarts: what reaches the upstream equals what the client sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ContentBlock, Message, Tool } from '../../../src/turn/turn.ts';
import { plain, run, sentBody, sentMessages, startLab, turnOf, type Lab } from './support.ts';

const TURNS = 200;
const RESTART_EVERY = 10;
const tools: Tool[] = ['read', 'search', 'Bash'].map((name) => ({
  name,
  description: `Runs ${name}. `.repeat(20),
  input_schema: {
    type: 'object',
    properties: { path: { type: 'string' }, depth: { type: 'integer' } },
    $defs: { unused: { type: 'null' } },
  },
}));

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
  await lab.engine.warmUp();
});
afterAll(() => lab.close());

/** What the user of turn `n` says: now plain words, now one tool, now three at once, now a chain of two steps. */
const question = (n: number): string => {
  const said = `turn ${n}: ünï©ode \u{1F600} "quotes" \\ and\n  lines`;
  if (n % 4 === 1) return `${said} [[tool:read {"path":"f${n}"}]]`;
  if (n % 4 === 2) return `${said} [[tool:read {"path":"a"}]] [[tool:search {"path":"b","depth":2}]] [[tool:Bash {}]]`;
  if (n % 4 === 3) return `${said} [[tool:search {"path":"first"}]] [[then]] [[tool:read {"path":"second"}]]`;
  return said;
};

const resultOf = (id: string, n: number): ContentBlock => {
  const content = `result ${n} ${'line\n'.repeat(n % 5)}end`;
  if (n % 11 === 0) return { type: 'tool_result', tool_use_id: id, content: '' };
  if (n % 13 === 0) return { type: 'tool_result', tool_use_id: id, content, is_error: true };
  return n % 3 === 0
    ? { type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: content }] }
    : { type: 'tool_result', tool_use_id: id, content };
};

it(`${TURNS} turns`, { timeout: 300_000 }, async () => {
  const messages: Message[] = [];
  const strategies: Record<string, number> = {};
  for (let n = 0; n < TURNS; n += 1) {
    if (n > TURNS / 2 && n % RESTART_EVERY === 0) {
      await lab.engine.close();
      lab.restart();
    }
    messages.push({ role: 'user', content: question(n) });
    for (;;) {
      lab.upstream.clear();
      const ran = await run(lab, turnOf({ system: 'A long one.', messages, tools }));
      strategies[ran.strategy ?? '?'] = (strategies[ran.strategy ?? '?'] ?? 0) + 1;
      expect(lab.upstream.messageRequests).toHaveLength(1);
      // The runner's own comparison costs more than the turn; it only explains a difference.
      if (!isDeepStrictEqual(sentMessages(lab), plain(messages))) expect(sentMessages(lab)).toEqual(plain(messages));
      expect(sentBody(lab)['tools']).toEqual(tools);
      messages.push({ role: 'assistant', content: ran.message.content });
      if (ran.message.stop_reason !== 'tool_use') break;
      messages.push({ role: 'user', content: ran.calls.map(({ id }) => resultOf(id, n)) });
    }
    // Once in a while the client takes its time, so that the process has long settled.
    if (n % 50 === 0) await sleep(100);
  }
  expect(strategies['answer']).toBeGreaterThan(TURNS / 2);
  expect(strategies['continue']).toBeGreaterThan(TURNS / 2);
  // After each restart the history is taken in again, by a start or by the process that was made ready.
  expect((strategies['start'] ?? 0) + (strategies['fresh'] ?? 0) + (strategies['resume'] ?? 0)).toBeGreaterThanOrEqual(
    TURNS / 2 / RESTART_EVERY,
  );
});
