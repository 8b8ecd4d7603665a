/** What becomes of a request when Claude Code does not behave: little programs that each do one thing wrong. */
import { chmodSync, copyFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClaudeEngineOptions } from '../../../src/engines/claude/engine.ts';
import type { Message } from '../../../src/turn/turn.ts';
import { childrenOf, failureOf, fixture, goOn, isRunning, patiently, turnsTaken, until } from './ends-support.ts';
import { run, startLab, turnOf, type Lab } from './support.ts';

const hello: Message[] = [{ role: 'user', content: 'Hello' }];

describe('a program that does not behave', () => {
  let lab: Lab;
  afterEach(async () => {
    const children = childrenOf(lab);
    await lab.engine.close();
    expect(children.filter(isRunning)).toEqual([]);
    expect(childrenOf(lab)).toEqual([]);
    await lab.close();
  });
  const start = async (name: string, more: Partial<ClaudeEngineOptions> = {}): Promise<void> => {
    lab = await startLab({ executable: fixture(name), controlTimeoutMs: 10_000, spares: 0, ...more });
  };

  it('exit-at-start: the error comes at once, and the log has its last words without the key', async () => {
    await start('exit-at-start', { spares: 1 });
    const error = await failureOf(run(lab, turnOf({ messages: hello })));
    expect(error.code).toBe('engine_died');
    expect(error.message).toContain('with code 3');
    expect(lab.engine.health()).toMatchObject({ ok: false, reason: error.message });
    const warning = lab.log.find(({ message }) => message === 'Claude Code ended');
    expect(warning?.fields).toMatchObject({ reason: 'crashed', code: 3, stderr: 'sk-ant-…: cannot go on' });
  });

  it('exit-at-start: a failed warm-up leaves an engine that is asked again', async () => {
    await start('exit-at-start', { spares: 1 });
    expect((await failureOf(lab.engine.warmUp())).code).toBe('engine_died');
    expect((await failureOf(lab.engine.models())).code).toBe('engine_died');
    expect((await failureOf(run(lab, turnOf({ messages: hello })))).code).toBe('engine_died');
    await expect.poll(() => lab.engine.health().gauges['processes'], patiently).toBe(0);
  });

  it('exit-at-start: a started engine tries until a process starts, without any request', async () => {
    await start('behave');
    const program = join(lab.dir, 'behave');
    lab.restart({ executable: program });
    lab.engine.start();
    await expect.poll(() => lab.engine.health().reason, patiently).toContain('ENOENT');
    cpSync(join(dirname(fixture('behave')), 'speak.ts'), join(lab.dir, 'speak.ts'));
    writeFileSync(join(lab.dir, 'package.json'), '{"type":"module"}');
    copyFileSync(fixture('behave'), program);
    chmodSync(program, 0o755);
    await expect.poll(() => lab.engine.health().ok, patiently).toBe(true);
  });

  it('exit-at-start: a started engine does not try again and again without a pause', async () => {
    await start('exit-at-start', { spares: 2 });
    lab.engine.start();
    await expect.poll(() => lab.engine.health().gauges['ended_crashed'] ?? 0, patiently).toBeGreaterThan(0);
    // Long enough for a dozen starts that nobody paused between.
    await new Promise((resolve) => void setTimeout(resolve, 2_500));
    expect(lab.engine.health().gauges['ended_crashed']).toBeLessThanOrEqual(3);
    expect(lab.engine.health().ok).toBe(false);
  });

  it('never-initialises: it counts as hung, and its place is free again', async () => {
    await start('never-initialises', { controlTimeoutMs: 300, maxProcesses: 1 });
    expect((await failureOf(lab.engine.warmUp())).code).toBe('engine_died');
    await expect.poll(() => lab.engine.health().reason, patiently).toBe('Claude Code stopped answering and was ended.');
    expect((await failureOf(run(lab, turnOf({ messages: hello })))).message).toContain('stopped answering');
    await expect.poll(() => lab.engine.health().gauges, patiently).toMatchObject({ processes: 0, ended_hung: 3 });
  });

  it('crash-before-first-delta: one more attempt on a fresh process, and not a third', async () => {
    await start('crash-before-first-delta');
    const error = await failureOf(run(lab, turnOf({ messages: hello })));
    expect(error.code).toBe('engine_died');
    expect(error.message).toContain('by SIGSEGV');
    expect(turnsTaken(lab)).toBe(2);
    expect(lab.engine.health().gauges).toMatchObject({ ended_crashed: 2, sessions_running: 0 });
  });

  it('crash-after-first-delta: what the client saw is not asked again', async () => {
    await start('crash-after-first-delta');
    const events = lab.engine.run(turnOf({ messages: hello }), new AbortController().signal);
    await until(events, 'content_block_delta');
    expect((await failureOf(until(events, 'message_stop'))).code).toBe('engine_died');
    expect(turnsTaken(lab)).toBe(1);
    await expect.poll(() => lab.engine.health().gauges, patiently).toMatchObject({ ended_crashed: 1, processes: 0 });
  });

  it('eof-in-mid-turn: a process that closed its output is ended', async () => {
    await start('eof-in-mid-turn');
    const error = await failureOf(run(lab, turnOf({ messages: hello })));
    expect(error.code).toBe('engine_died');
    expect(turnsTaken(lab)).toBe(1);
    await expect.poll(() => lab.engine.health().gauges, patiently).toMatchObject({ ended_failed: 1, processes: 0 });
  });

  it('print-garbage: lines that are no messages change nothing', async () => {
    await start('print-garbage');
    expect((await run(lab, turnOf({ messages: hello }))).text).toBe('Hello');
  });

  it('print-broken-messages: messages that cannot be read end the process', async () => {
    await start('print-broken-messages');
    expect((await failureOf(run(lab, turnOf({ messages: hello })))).code).toBe('engine_died');
    expect(turnsTaken(lab)).toBe(2);
  });

  it('hang: an abort ends a process that listens to nothing', async () => {
    await start('hang');
    const leaving = new AbortController();
    const outcome = failureOf(run(lab, turnOf({ messages: hello }), leaving.signal));
    await expect.poll(() => turnsTaken(lab), patiently).toBe(1);
    leaving.abort();
    expect((await outcome).code).toBe('client_closed');
    await expect.poll(() => lab.engine.health().gauges, patiently).toMatchObject({ processes: 0, ended_hung: 1 });
  });

  it('hang: close() ends it, and the turn fails with draining', async () => {
    await start('hang');
    const outcome = failureOf(run(lab, turnOf({ messages: hello })));
    await expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(1);
    await lab.engine.close();
    expect((await outcome).code).toBe('draining');
    expect((await failureOf(run(lab, turnOf({ messages: hello })))).code).toBe('draining');
  });

  it('hang-after-first-turn: the next request replays on a fresh process', async () => {
    await start('hang-after-first-turn', { controlTimeoutMs: 4_000 });
    const first = await run(lab, turnOf({ messages: hello }));
    const second = await run(lab, turnOf({ messages: goOn(hello, first, 'And again') }));
    expect(second).toMatchObject({ strategy: 'start', text: 'And again' });
    expect(lab.engine.health().gauges).toMatchObject({ ended_hung: 1 });
  });

  it('ignore-sigterm: it is killed in the end', async () => {
    await start('ignore-sigterm');
    await run(lab, turnOf({ messages: hello }));
    const [pid = 0] = childrenOf(lab);
    expect(isRunning(pid)).toBe(true);
    await lab.engine.close();
    expect(isRunning(pid)).toBe(false);
    expect(lab.engine.health().gauges).toMatchObject({ ended_closing: 1, processes: 0 });
  });

  it('a program that is missing or may not be run is told at once, and works again when it is back', async () => {
    await start('behave', { spares: 1 });
    const program = join(lab.dir, 'behave');
    lab.restart({ executable: program });
    const missing = await failureOf(run(lab, turnOf({ messages: hello })));
    expect(missing).toMatchObject({
      code: 'engine_unavailable',
      message: 'Claude Code could not be started (ENOENT).',
    });
    expect(lab.engine.health()).toMatchObject({ ok: false, reason: missing.message });
    expect((await failureOf(lab.engine.warmUp())).code).toBe('engine_unavailable');

    writeFileSync(program, 'not a program');
    expect((await failureOf(run(lab, turnOf({ messages: hello })))).message).toContain('EACCES');

    rmSync(program);
    cpSync(join(dirname(fixture('behave')), 'speak.ts'), join(lab.dir, 'speak.ts'));
    writeFileSync(join(lab.dir, 'package.json'), '{"type":"module"}');
    copyFileSync(fixture('behave'), program);
    chmodSync(program, 0o755);
    expect((await run(lab, turnOf({ messages: hello }))).text).toBe('Hello');
    expect(lab.engine.health().ok).toBe(true);
  });
});
