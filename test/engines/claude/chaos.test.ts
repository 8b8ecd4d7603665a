/** Kills and disconnects under load, with the real CLI. `npm run test:chaos` runs the full counts. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { TurnError } from '../../../src/turn/errors.ts';
import { countOf, markersIn, randomFrom, seed, talk, type Ask } from './chaos-support.ts';
import { childrenOf, isRunning, patiently } from './ends-support.ts';
import { run, startLab, type Lab } from './support.ts';

const CLIENTS = 8;
const LIMIT_MS = 20 * 60_000;

describe(`chaos with CHAOS_SEED=${seed}`, () => {
  let lab: Lab;
  const seen = new Set<number>();
  const alarms: unknown[] = [];
  const alarm = (what: unknown): void => void alarms.push(what);
  const tmp = process.env['TMPDIR'];

  let maxProcesses = 0;
  const start = async (max: number): Promise<void> => {
    maxProcesses = max;
    lab = await startLab({ maxProcesses, spares: 1 });
    mkdirSync(join(lab.dir, 'tmp'));
    process.env['TMPDIR'] = join(lab.dir, 'tmp');
    process.on('unhandledRejection', alarm);
    // A request that reaches the upstream is of one conversation.
    lab.upstream.script(({ messages }) => {
      const markers = markersIn(messages);
      if (markers.length !== 1) alarms.push({ markers });
      return undefined;
    });
  };
  afterEach(async () => {
    process.off('unhandledRejection', alarm);
    if (tmp === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = tmp;
    await lab.close();
  });

  /** Children that run now; never more than the bound. */
  const look = (): number[] => {
    const children = childrenOf(lab).filter(isRunning);
    for (const pid of children) seen.add(pid);
    expect(children.length).toBeLessThanOrEqual(maxProcesses);
    return children;
  };

  const expectNothingLeft = async (): Promise<void> => {
    await expect.poll(() => lab.engine.health().gauges['sessions_running'], patiently).toBe(0);
    await expect
      .poll(() => lab.upstream.requests.filter(({ endedAt }) => endedAt === undefined), patiently)
      .toEqual([]);
    look();
    await lab.engine.close();
    expect([...seen].filter(isRunning)).toEqual([]);
    expect(childrenOf(lab)).toEqual([]);
    expect(readdirSync(join(lab.dir, 'tmp')).filter((name) => name.startsWith('claude-resume-'))).toEqual([]);
    expect(lab.engine.health().gauges).toMatchObject({
      processes: 0,
      processes_ready: 0,
      sessions_running: 0,
      sessions_idle: 0,
      sessions_suspended: 0,
    });
    expect(alarms).toEqual([]);
  };

  it(`${countOf(200)} random kills`, { timeout: LIMIT_MS }, async () => {
    // Room for every conversation, so that kills meet processes that run, wait, and hold suspended calls.
    await start(CLIENTS + 2);
    const kills = countOf(200);
    let killed = 0;
    let answered = 0;
    let failed = 0;
    const ask: Ask = async (turn) => {
      for (;;) {
        try {
          const ran = await run(lab, turn);
          answered += 1;
          return ran;
        } catch (error) {
          expect(error).toBeInstanceOf(TurnError);
          expect(error).toMatchObject({ code: 'engine_died' });
          failed += 1;
        }
      }
    };
    const killer = async (): Promise<void> => {
      const random = randomFrom(seed);
      while (killed < kills) {
        // At the pace of the answers, whatever the machine.
        const before = answered + failed;
        await expect.poll(() => answered + failed, { timeout: 120_000, interval: 5 }).toBeGreaterThan(before);
        await sleep(random() * 300);
        const children = look();
        const victim = children[Math.floor(random() * children.length)];
        if (victim !== undefined && isRunning(victim)) {
          process.kill(victim, 'SIGKILL');
          killed += 1;
        }
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      talk({ index, random: randomFrom(seed + index + 1), ask, enough: () => killed >= kills }),
    );
    const [, ...steps] = await Promise.all([killer(), ...clients]);
    console.log(`chaos: ${killed} kills, ${answered} steps answered, ${failed} failed with engine_died`);
    expect(Math.min(...steps), 'every client is served').toBeGreaterThan(0);
    // Nobody but the owner of a killed process notices, and at most once for each kill.
    expect(failed).toBeLessThanOrEqual(killed);
    await expectNothingLeft();
  });

  it(`${countOf(1000)} disconnects`, { timeout: LIMIT_MS }, async () => {
    // Fewer places than clients, so that some leave while they wait for one.
    await start(CLIENTS - 2);
    const wanted = countOf(1000);
    let left = 0;
    const askAs = (index: number): Ask => {
      const random = randomFrom(seed + 100 * (index + 1));
      return async (turn) => {
        for (;;) {
          look();
          const leaving = new AbortController();
          const stays = left >= wanted || random() < 0.2;
          const timer = stays ? undefined : setTimeout(() => leaving.abort(), random() ** 2 * 300);
          try {
            return await run(lab, turn, leaving.signal);
          } catch (error) {
            expect(error).toBeInstanceOf(TurnError);
            expect(error).toMatchObject({ code: 'client_closed' });
            expect(leaving.signal.aborted).toBe(true);
            left += 1;
          } finally {
            clearTimeout(timer);
          }
        }
      };
    };
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      talk({ index, random: randomFrom(seed + index + 1), ask: askAs(index), enough: () => left >= wanted }),
    );
    const steps = await Promise.all(clients);
    console.log(`chaos: ${left} disconnects, ${steps.reduce((sum, count) => sum + count, 0)} steps answered`);
    expect(Math.min(...steps), 'every client is served').toBeGreaterThan(0);
    await expectNothingLeft();
  });
});
