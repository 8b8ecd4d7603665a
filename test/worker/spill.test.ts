/** Instances share the load that there is: what the container does not hold goes at once, what it holds after a short wait. */
import { describe, expect, it } from 'vitest';
import { demoLabs, messages } from './demo-labs.ts';
import { programImage, type Lab } from './lab.ts';
import type { InstanceStatus } from '../../src/worker/internal-protocol.ts';

const { lab } = demoLabs();
const statuses = async ({ call }: Lab): Promise<Record<string, InstanceStatus>> =>
  ((await (await call('/health')).json()) as { instances: Record<string, InstanceStatus> }).instances;
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `c${index}`);
const ask = (here: Lab, name: string, stream = false): Promise<Response> =>
  here.call('/v1/messages', {
    body: messages('[[text:one two three]][[slow:400]] lasts:6000', { stream }),
    headers: { 'x-conversation-id': name },
  });
const begin = async (here: Lab, all: readonly string[]): Promise<void> => {
  for (const name of all) expect((await ask(here, name)).status).toBe(200);
};

describe('conversations begun one after the other that then all ask', { timeout: 120_000 }, () => {
  it.each([
    {
      title: 'and are held in processes wait a little, then go',
      image: programImage('holds-conversations.ts', { HOLDS: '18' }),
    },
    { title: 'and are held nowhere go at once', image: undefined },
  ])('$title, each to an instance that has room', async ({ image }) => {
    const here = await lab({ INSTANCES: '3', INSTANCE_CAPACITY: '3' }, image);
    await begin(here, names(9));
    expect(here.starts()).toBe(1);
    const answers = await Promise.all(names(9).map(async (name) => ask(here, name, true)));
    expect(answers.map(({ status }) => status)).toEqual(names(9).map(() => 200));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    for (const text of texts) expect(text).not.toContain('error');
    expect(here.starts()).toBe(3);
  });
});

it('counts as held what the container says it holds, the last ones first', { timeout: 60_000 }, async () => {
  const here = await lab({}, programImage('holds-conversations.ts', { HOLDS: '2' }));
  await begin(here, names(5));
  expect((await statuses(here))['g1-i0']).toMatchObject({ conversations: 2 });
});

it('Claude Code says how many conversations it holds', { timeout: 120_000 }, async () => {
  const here = await lab({ ENGINE: 'claude-code', SPARES: '0' });
  // One after the other they would share a process; one that is being answered keeps its own.
  const long = await here.call('/v1/messages', {
    body: messages('[[text:one two three]][[slow:20000]]', { stream: true }),
    headers: { 'x-conversation-id': 'long' },
  });
  const reader = long.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; !text.includes('message_start');) text += (await reader.read()).value ?? '';
  await begin(here, names(1));
  expect((await statuses(here))['g1-i0']).toMatchObject({ conversations: 2 });
  await reader.cancel();
});
