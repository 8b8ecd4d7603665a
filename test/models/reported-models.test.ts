/** The engine's list of models through the life of a server: the clock is turned by hand. */
import { describe, expect, test } from 'vitest';
import { createModels } from '../../src/node/models.ts';
import type { EngineModel } from '../../src/turn/engine.ts';
import { HandClock } from '../access/hand-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const model = (id: string): EngineModel => ({ id, displayName: id, aliases: [] });

const setUp = () => {
  const clock = new HandClock();
  const warnings: string[] = [];
  const nothing = (): void => undefined;
  const log = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (_: object, message: string) => void warnings.push(message),
  };
  const engine = {
    asked: 0,
    tell: (): Promise<readonly EngineModel[]> => Promise.resolve([]),
    models: () => {
      engine.asked += 1;
      return engine.tell();
    },
  };
  const models = createModels({ MODEL_MAP: {}, MODEL_UNKNOWN: 'default', MODEL_TRACK: 'latest' }, engine, {
    log,
    clock,
  });
  return { clock, warnings, engine, models };
};

const fails = () => Promise.reject(new Error('no list today'));
const tells = (id: string) => () => Promise.resolve([model(id)]);
/** Lets what an ask brings about happen; nothing here waits for a real timer. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the list', () => {
  test('is asked for once while it is new, and again when it is old', async () => {
    const { clock, engine, models } = setUp();
    engine.tell = tells('claude-sonnet-6');
    await models.modelsKnown();
    await models.modelsKnown();
    expect([engine.asked, models.resolveModel('gpt-4o').id]).toEqual([1, 'claude-sonnet-6']);

    engine.tell = tells('claude-sonnet-7');
    clock.advance(HOUR);
    await models.modelsKnown();
    await settled();
    expect([engine.asked, models.resolveModel('gpt-4o').id]).toEqual([2, 'claude-sonnet-7']);
  });

  test('a failure is logged, and mended a minute later by a request', async () => {
    const { clock, engine, models, warnings } = setUp();
    engine.tell = fails;
    await models.modelsKnown();
    await models.modelsKnown();
    expect(engine.asked).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('only the built-in names are known')]);
    expect(models.resolveModel('gpt-4o').id).toBe('claude-sonnet-5-5');

    engine.tell = tells('claude-sonnet-6');
    clock.advance(MINUTE);
    await models.modelsKnown();
    expect(models.resolveModel('gpt-4o').id).toBe('claude-sonnet-6');
  });

  test('a failure does not take away what was known', async () => {
    const { clock, engine, models, warnings } = setUp();
    engine.tell = tells('claude-sonnet-6');
    await models.modelsKnown();
    engine.tell = fails;
    clock.advance(HOUR);
    await models.modelsKnown();
    await settled();
    expect(warnings).toEqual([expect.stringContaining('the last list stays in use')]);
    expect(models.resolveModel('gpt-4o').id).toBe('claude-sonnet-6');
  });

  test('an engine that does not answer holds requests up once, not each of them', async () => {
    const { clock, engine, models } = setUp();
    const late = Promise.withResolvers<readonly EngineModel[]>();
    engine.tell = () => late.promise;
    const first = models.modelsKnown();
    clock.advance(5_000);
    await first;
    await models.modelsKnown();
    expect(engine.asked).toBe(1);
    late.resolve([model('claude-sonnet-6')]);
    await settled();
    expect(models.resolveModel('gpt-4o').id).toBe('claude-sonnet-6');
  });

  test('whoever asks for the list gets a new try at once while there is none', async () => {
    const { engine, models } = setUp();
    engine.tell = fails;
    await models.listModels();
    engine.tell = tells('claude-sonnet-6');
    expect((await models.listModels()).map(({ id }) => id)).toContain('claude-sonnet-6');
  });
});
