/** Processes that are killed from outside, closed with the server, or left behind by it; with the real CLI. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message, Tool } from '../../../src/turn/turn.ts';
import { childrenOf, failureOf, fixture, goOn, isRunning, patiently, resultsOf, until } from './ends-support.ts';
import { png } from './png.ts';
import { plain, run, sentMessages, startLab, turnOf, type Lab } from './support.ts';

const read: Tool = { name: 'read', input_schema: { type: 'object' } };
const hello: Message[] = [{ role: 'user', content: 'Hello' }];

describe('the end of a process', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab({ spares: 0 });
  });
  afterEach(() => lab.close());
  const killAll = (): void => {
    for (const pid of childrenOf(lab)) process.kill(pid, 'SIGKILL');
  };
  const requests = (): number => lab.upstream.messageRequests.length;

  it('while a call is suspended: the next request replays, with nothing lost', async () => {
    const question: Message[] = [
      { role: 'user', content: 'Look [[tool:read {"path":"a"}]] [[tool:read {"path":"b"}]]' },
    ];
    const first = await run(lab, turnOf({ messages: question, tools: [read] }));
    killAll();
    await expect.poll(() => lab.engine.health().gauges['sessions_suspended'], patiently).toBe(0);
    const messages = goOn(question, first, resultsOf(first));
    const second = await run(lab, turnOf({ messages, tools: [read] }));
    expect(second.strategy).toBe('start');
    expect(sentMessages(lab)).toEqual(plain(messages));
  });

  it('between the kill and the news of it: the request is tried again on a fresh process', async () => {
    const question: Message[] = [{ role: 'user', content: 'Look [[tool:read {}]]' }];
    const first = await run(lab, turnOf({ messages: question, tools: [read] }));
    const messages = goOn(question, first, resultsOf(first));
    killAll();
    // In the same tick: the engine cannot know yet, and goes on with a process that is gone.
    const second = await run(lab, turnOf({ messages, tools: [read] }));
    expect(second.events.filter(({ type }) => type === 'message_start')).toHaveLength(1);
    expect(sentMessages(lab)).toEqual(plain(messages));
    expect(requests()).toBe(2);
  });

  it('before the answer begins: one retry, and the client sees one answer', async () => {
    lab.upstream.enqueue({ hang: true });
    const running = run(lab, turnOf({ messages: hello }));
    await expect.poll(requests, patiently).toBe(1);
    killAll();
    expect((await running).text).toContain('Hello');
    expect(requests()).toBe(2);
    expect(lab.log.filter(({ message }) => message === 'trying again on a fresh process')).toHaveLength(1);
  });

  it('after the answer has begun: a typed error, and no second request', async () => {
    const events = lab.engine.run(
      turnOf({ messages: [{ role: 'user', content: '[[tokens:50]] [[slow:200]]' }] }),
      new AbortController().signal,
    );
    await until(events, 'content_block_delta');
    killAll();
    const error = await failureOf(until(events, 'message_stop'));
    expect(error).toMatchObject({ code: 'engine_died' });
    expect(error.message).toContain('SIGKILL');
    expect(requests()).toBe(1);
  });

  it('of a process that is ready is noticed by nobody', async () => {
    lab.restart({ spares: 1 });
    await lab.engine.warmUp();
    await expect.poll(() => lab.engine.health().gauges['processes_ready'], patiently).toBe(1);
    killAll();
    expect((await run(lab, turnOf({ system: 'Be brief.', messages: hello }))).text).toContain('Hello');
  });

  it('by close(): turns in every state fail with draining, and every child ends', async () => {
    lab.restart({ spares: 1 });
    await lab.engine.warmUp();
    await run(lab, turnOf({ messages: [{ role: 'user', content: 'Look [[tool:read {}]]' }], tools: [read] }));
    const hanging = failureOf(run(lab, turnOf({ messages: [{ role: 'user', content: '[[hang]]' }] })));
    await expect.poll(requests, patiently).toBe(2);
    const starting = failureOf(run(lab, turnOf({ system: 'another', messages: hello })));
    const children = childrenOf(lab);
    await lab.engine.close();
    expect((await hanging).code).toBe('draining');
    expect((await starting).code).toBe('draining');
    expect(children.length).toBeGreaterThan(1);
    expect(children.filter(isRunning)).toEqual([]);
    expect(childrenOf(lab)).toEqual([]);
  });

  it('after a resume: the copy of the login goes with the process, however it ends', async () => {
    const tmp = join(lab.dir, 'tmp');
    mkdirSync(tmp);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = tmp;
    try {
      // What an append would alter is taken in from a transcript.
      const large: Message[] = [
        { role: 'user', content: [png(2_100, 1_000), { type: 'text', text: 'What is it?' }] },
        { role: 'assistant', content: 'White.' },
        { role: 'user', content: 'Sure?' },
      ];
      for (const end of ['kill', 'close'] as const) {
        expect((await run(lab, turnOf({ messages: large }))).strategy).toBe('resume');
        expect(readdirSync(tmp).filter((name) => name.startsWith('claude-resume-'))).toHaveLength(1);
        if (end === 'kill') killAll();
        else await lab.engine.close();
        await expect.poll(() => childrenOf(lab), patiently).toEqual([]);
        expect(readdirSync(tmp).filter((name) => name.startsWith('claude-resume-'))).toEqual([]);
      }
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });
});

describe('a server that is killed', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab({ spares: 0 });
  });
  afterEach(() => lab.close());
  const server = fileURLToPath(new URL('killed-server.ts', import.meta.url));

  /** Runs a server with a running turn, a suspended call and a resumed conversation, and kills it. */
  const serveAndDie = async ({
    executable,
    lifelineFirst = false,
  }: { executable?: string; lifelineFirst?: boolean } = {}): Promise<number[]> => {
    const { log: _, ...options } = lab.options({ spares: 1, ...(executable !== undefined && { executable }) });
    const tmp = join(lab.dir, 'tmp');
    mkdirSync(tmp);
    writeFileSync(join(lab.dir, 'options.json'), JSON.stringify(options));
    const child = spawn(process.execPath, [server, join(lab.dir, 'options.json')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: tmp },
    });
    await once(child.stdout, 'data');
    const children = childrenOf(lab);
    if (lifelineFirst) process.kill(shellOf(child.pid ?? 0), 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(children.length).toBeGreaterThan(1);
    return children;
  };
  const shellOf = (pid: number): number =>
    Number(
      /(\d+) sh$/m.exec(execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(pid)], { encoding: 'utf8' }))?.[1],
    );

  it.each(['takes its children with it', 'takes those with it that ignore the end of their input'])(
    '%s, and they ask the API for nothing more',
    async (what) => {
      const children = await serveAndDie(what.includes('ignore') ? { executable: fixture('ignore-sigterm') } : {});
      const asked = lab.upstream.messageRequests.length;
      await expect.poll(() => children.filter(isRunning), patiently).toEqual([]);
      await expect
        .poll(() => lab.upstream.requests.filter(({ endedAt }) => endedAt === undefined), patiently)
        .toEqual([]);
      expect(lab.upstream.messageRequests).toHaveLength(asked);
      lab.restart();
      expect(childrenOf(lab)).toEqual([]);
      expect(readdirSync(join(lab.dir, 'tmp')).filter((name) => name.startsWith('claude-resume-'))).toEqual([]);
    },
  );

  it('and its lifeline before it: the next start ends what is left', async () => {
    const children = await serveAndDie({ executable: fixture('ignore-sigterm'), lifelineFirst: true });
    expect(children.filter(isRunning)).toEqual(children);
    lab.restart();
    await expect.poll(() => children.filter(isRunning), patiently).toEqual([]);
    expect(childrenOf(lab)).toEqual([]);
    expect(lab.log.find(({ fields }) => 'reaped' in fields)?.fields).toEqual({ reaped: children.length });
  });
});
