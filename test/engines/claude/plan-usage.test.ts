/** Claude Code is asked for the usage of the plan after turns, and no turn is the worse for it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { folderOf } from '../../../src/engines/claude/process/control/cli-options.ts';
import type { ClaudeEngineOptions } from '../../../src/engines/claude/engine.ts';
import type { RateLimit } from '../../../src/turn/events.ts';
import { childrenOf, fixture, patiently } from './ends-support.ts';
import { run, startLab, turnOf, type Lab } from './support.ts';

let lab: Lab;
afterEach(() => lab.close());

const login = { credentialKind: 'subscription', planUsage: true, spares: 0 } as const;

const start = async (options: Partial<ClaudeEngineOptions>): Promise<readonly RateLimit[]> => {
  lab = await startLab({ ...login, ...options });
  const told: RateLimit[] = [];
  lab.engine.onLimits((limits) => void told.push(...limits));
  return told;
};

const ask = async (text = 'Hi'): Promise<string> =>
  (await run(lab, turnOf({ messages: [{ role: 'user', content: text }] }))).text;

/** How often the little programs of the lab were asked for the usage. */
const asked = (): number => {
  const file = join(folderOf({ workDir: join(lab.dir, 'work') }), 'usage-requests');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};

const said = (): readonly string[] => lab.log.map(({ message }) => message);

it('an answer is told as the reports of answers are', async () => {
  const told = await start({ executable: fixture('tell-usage') });
  expect(await ask()).toBe('Hi');
  await expect.poll(() => told, patiently).toHaveLength(3);
  expect(told).toMatchObject([
    { window: 'five_hour', utilization: 0.42, status: 'allowed' },
    { window: 'seven_day', utilization: 0.07, status: 'allowed' },
    { window: 'seven_day_fable', utilization: 0.8, status: 'allowed' },
  ]);
  expect(asked()).toBe(1);
});

it('a CLI that does not know the request goes on as before', async () => {
  const told = await start({ executable: fixture('behave') });
  expect(await ask()).toBe('Hi');
  await expect.poll(said, patiently).toHaveLength(1);
  expect(lab.log).toMatchObject([{ level: 'info', fields: { reason: 'unsupported_request' } }]);
  expect([await ask('One'), await ask('Two')]).toEqual(['One', 'Two']);
  expect([asked(), told.length]).toEqual([1, 0]);
});

it('a CLI that does not answer serves the next turns, with the same process', async () => {
  await start({ executable: fixture('hang-in-usage') });
  expect(await ask()).toBe('Hi');
  const children = childrenOf(lab);
  await expect.poll(asked, patiently).toBe(1);
  expect([await ask('One'), await ask('Two')]).toEqual(['One', 'Two']);
  expect(childrenOf(lab)).toEqual(children);
  expect(said()).toEqual([]);
});

it('with an API key nothing is asked', async () => {
  const told = await start({ executable: fixture('tell-usage'), credentialKind: 'api-key' });
  expect(await ask()).toBe('Hi');
  // Longer than it would take to be asked.
  await new Promise((resolve) => void setTimeout(resolve, 1_500));
  expect([asked(), told.length]).toEqual([0, 0]);
});

it('the real CLI answers, and the conversation goes on on its process', async () => {
  const told = await start({});
  const { ANTHROPIC_API_KEY: _, ...env } = lab.options().childEnv;
  lab.restart({ childEnv: { ...env, CLAUDE_CODE_OAUTH_TOKEN: 'demo-token' } });
  const before = await ask();
  const children = childrenOf(lab);
  // A token shows no plan.
  await expect.poll(said, patiently).toHaveLength(1);
  expect(lab.log).toMatchObject([{ level: 'info', fields: { reason: 'this login does not show its plan' } }]);
  expect(await ask()).toBe(before);
  expect(childrenOf(lab)).toEqual(children);
  expect(told).toEqual([]);
  expect(new Set(lab.upstream.requests.map(({ path }) => path.replace(/\?.*/u, '')))).toEqual(
    new Set(['/v1/messages']),
  );
});
