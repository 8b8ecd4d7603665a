/** Containers that the platform does not give, or that go while one is started: what clients are told, and that all sleep again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, programImage, startLab, type Lab } from './lab.ts';
import type { InstanceStatus } from '../../src/worker/internal-protocol.ts';
import type { Image } from '../../scripts/container-engine/engine.ts';
import { readUntil } from '../fixtures/read-until.ts';

const labs: Lab[] = [];
/** A platform that gives containers while `given` is an image. */
const lab = async (given: () => Image | undefined, says: string, vars: Record<string, string> = {}): Promise<Lab> => {
  const made = await startLab({
    entry: 'test/worker/entries/platform-words.ts',
    image: given,
    vars: { PLATFORM_SAYS: says, LIFE_SIGN_AFTER_MS: '50', LIFE_SIGN_EVERY_MS: '100', START_WAIT_MS: '1500', ...vars },
  });
  labs.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(labs.splice(0).map((each) => each.close()));
});

const NO_INSTANCE = 'There is no Container instance that can be provided to this Durable Object, try again later';
const TOO_MANY = 'You are requesting too many containers per second, try again later';
const MAXIMUM =
  'Maximum number of running container instances exceeded. Try again later, or try configuring a higher value for max_instances';
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
const statuses = async ({ call }: Lab): Promise<Record<string, InstanceStatus>> =>
  ((await (await call('/health')).json()) as { instances: Record<string, InstanceStatus> }).instances;
const asleep = (here: Lab): Promise<boolean> => eventually(() => here.engine.running().length === 0);
const DIALECTS = [
  {
    path: '/v1/chat/completions',
    body: chat,
    says: (message: string) => ({ error: { code: 'engine_unavailable', message } }),
  },
  {
    path: '/v1/messages',
    body: { ...chat, max_tokens: 10 },
    says: (message: string) => ({ type: 'error', error: { message } }),
  },
];

describe('a platform that has no container', { timeout: 120_000 }, () => {
  it('says provisioning before the first container ever, and that none is free after that', async () => {
    let image: Image | undefined;
    const here = await lab(() => image, NO_INSTANCE, { SLEEP_AFTER_S: '1' });
    for (const { path, body, says } of DIALECTS) {
      const answer = await here.call(path, { body });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
      expect(await answer.json()).toMatchObject(
        says(
          'The platform is still provisioning the first containers; after a first deployment this takes some minutes.',
        ),
      );
    }
    image = programImage('before-the-mark.ts');
    await eventually(async () => (await here.call('/v1/messages', { body: chat })).status === 200);
    image = undefined;
    await asleep(here);
    for (const { path, body, says } of DIALECTS) {
      const answer = await here.call(path, { body });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '15']);
      expect(await answer.json()).toMatchObject(
        says('No container instance is free: max_instances are running, or a deployment is still being rolled out.'),
      );
    }
    expect(here.logs.some((line) => line.includes('container ended') && line.includes('no_instance'))).toBe(true);
  });

  it('says that too many are being started', async () => {
    const here = await lab(() => undefined, TOO_MANY);
    const answer = await here.call('/v1/messages', { body: chat });
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
      503,
      '10',
      { error: { message: 'Too many containers are being started at once.' } },
    ]);
  });

  it('shows life in a stream for so long, and serves it in the end', async () => {
    let image: Image | undefined;
    const here = await lab(() => image, NO_INSTANCE);
    const answer = await here.call('/v1/chat/completions', { body: { ...chat, stream: true } });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let signs = 0; signs < 10; signs += 1) expect((await reader.read()).value).toMatch(/^: /);
    image = programImage('before-the-mark.ts');
    let text = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toMatch(/data: \{"old":true\}\n\ndata: \[DONE\]\n\n$/);
  });

  it('for one instance: a conversation that was sent there is served at home, as soon as that has room', async () => {
    let image: Image | undefined = programImage('holds-streams.ts');
    const here = await lab(() => image, NO_INSTANCE, { INSTANCES: '2', INSTANCE_CAPACITY: '1' });
    const ask = (name: string, more: object = {}): Promise<Response> =>
      here.call('/v1/messages', { body: { ...chat, ...more }, headers: { 'x-conversation-id': name } });
    const first = (await ask('first', { stream: true })).body!.pipeThrough(new TextDecoderStream()).getReader();
    await readUntil(first, 'more');
    image = undefined;
    expect((await ask('second')).status).toBe(503);
    expect(here.logs.some((line) => line.includes('"g1-i1"') && line.includes('no_instance'))).toBe(true);
    await first.cancel();
    await eventually(async () => (await statuses(here))['g1-i0']?.open === 0);
    expect((await ask('second')).status).toBe(200);
    expect((await statuses(here))['g1-i0']).toMatchObject({ conversations: 2 });
    expect(here.starts()).toBe(1);
  });
});

describe('words of the platform', { timeout: 120_000 }, () => {
  it('of today for max_instances are known: it waits, and says why', async () => {
    const here = await lab(() => undefined, MAXIMUM);
    const answer = await here.call('/v1/messages', { body: chat });
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
      503,
      '30',
      { error: { message: expect.stringContaining('still provisioning') } },
    ]);
  });

  it('take a conversation to an instance that runs, when its home cannot start', async () => {
    let image: Image | undefined = programImage('before-the-mark.ts');
    const here = await lab(() => image, MAXIMUM, { INSTANCES: '2', HOMES: '2', START_WAIT_MS: '60000' });
    const ask = (index: number): Promise<Response> =>
      here.call('/v1/messages', { body: chat, headers: { 'x-conversation-id': `c${index}` } });
    const awake = (each: InstanceStatus | undefined): boolean => each?.state === 'ready';
    await ask(0);
    const first = Object.entries(await statuses(here)).find(([, each]) => awake(each))?.[0] ?? '';
    image = undefined;
    // The first that hashes to the other instance finds out that it cannot start; those that follow go to the one that runs.
    const answers = Array.from({ length: 12 }, (_, index) => ask(index + 1).catch(() => undefined));
    await eventually(async () => Object.values(await statuses(here)).some(({ state }) => state === 'no_instance'));
    for (let index = 20; index < 32; index += 1) expect((await ask(index)).status).toBe(200);
    expect(Object.keys(await statuses(here))).toContain(first);
    image = programImage('before-the-mark.ts');
    for (const answer of answers) expect((await answer)?.status).toBe(200);
  });

  it('that nobody knows are in the health report of those who have the key, until a container is ready', async () => {
    let image: Image | undefined;
    const here = await lab(() => image, 'The moon is in the wrong house (code 4711)');
    expect((await here.call('/v1/messages', { body: chat })).status).toBe(503);
    expect((await statuses(here))['g1-i0']).toMatchObject({
      platformMessage: expect.stringContaining('wrong house (code 4711)'),
    });
    const open = await here.call('/health', { headers: { authorization: '' } });
    expect(await open.text()).not.toContain('moon');
    image = programImage('before-the-mark.ts');
    await eventually(async () => (await here.call('/v1/messages', { body: chat })).status === 200);
    expect((await statuses(here))['g1-i0']).not.toHaveProperty('platformMessage');
  });
});

describe('sleep after a start that took long', { timeout: 120_000 }, () => {
  it('comes, also when the time to sleep came while the start was refused', async () => {
    let image: Image | undefined = programImage('before-the-mark.ts');
    const here = await lab(() => image, NO_INSTANCE, { SLEEP_AFTER_S: '1', START_WAIT_MS: '60000' });
    await here.call('/v1/messages', { body: chat });
    image = undefined;
    for (const { pid } of here.engine.running()) process.kill(pid!, 'SIGKILL');
    const answer = here.call('/v1/messages', { body: chat });
    await sleep(2500);
    image = programImage('before-the-mark.ts');
    expect((await answer).status).toBe(200);
    // Held by the program that answered, whatever happened to those before it.
    expect((await statuses(here))['g1-i0']).toMatchObject({ conversations: 1 });
    await asleep(here);
  });
});
