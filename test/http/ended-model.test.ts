/** The API says that it does not have the model: the request that shows it is answered by another. */
import { describe, expect, it } from 'vitest';
import { TurnError } from '../../src/turn/errors.ts';
import type { TurnEvent } from '../../src/turn/events.ts';
import type { Turn } from '../../src/turn/turn.ts';
import { answer, beginning } from './scripted-engine.ts';
import { chat, messages, setUpApp } from './set-up.ts';

const SONNET_4_5 = 'claude-sonnet-4-5-20250929';

const notFound = (model: string) => new TurnError('upstream_not_found', `model: ${model}`);

/** An upstream that has all models but these. */
const without = (...gone: readonly string[]) =>
  async function* ({ request: { model } }: Turn): AsyncGenerator<TurnEvent> {
    yield { type: 'notice', notice: { kind: 'strategy', strategy: 'direct' } };
    if (gone.includes(model)) throw notFound(model);
    yield* answer('Hello');
  };

describe('a model that has ended', () => {
  it.each([false, true])('is replaced within the request, and not asked for again (stream: %s)', async (stream) => {
    const { ask, engine, lines } = await setUpApp({ script: without(SONNET_4_5) });
    const asked = async () => {
      const response = await ask('/v1/chat/completions', chat({ stream, temperature: 0.5 }));
      expect(await response.text()).toContain('Hello');
      return [response.status, response.headers.get('x-proxy-model'), response.headers.get('x-proxy-ignored')];
    };
    expect(await asked()).toEqual([200, 'claude-sonnet-5-5', 'temperature']);
    expect(await asked()).toEqual([200, 'claude-sonnet-5-5', 'temperature']);
    expect(engine.turns.map(({ request: { model, temperature } }) => [model, temperature])).toEqual([
      [SONNET_4_5, 0.25],
      ['claude-sonnet-5-5', undefined],
      ['claude-sonnet-5-5', undefined],
    ]);
    expect(lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { model: SONNET_4_5, answeredBy: 'claude-sonnet-5-5' },
    ]);
    const requests = lines.filter(({ fields }) => 'asked' in fields).map(({ fields }) => fields);
    expect(requests).toMatchObject([
      { asked: 'gpt-4o', model: 'claude-sonnet-5-5' },
      { asked: 'gpt-4o', model: 'claude-sonnet-5-5' },
    ]);
  });

  it('is replaced until one answers; where none does, the API’s own error counts', async () => {
    const { ask, engine } = await setUpApp({ script: without(SONNET_4_5, 'claude-sonnet-5-5') });
    expect((await ask('/v1/messages', messages({ model: 'gpt-4o' }))).headers.get('x-proxy-model')).toBe(
      'claude-sonnet-5',
    );
    engine.script = () => {
      throw notFound('any model');
    };
    const refused = await ask('/v1/messages', messages({ model: 'gpt-4o' }));
    expect([refused.status, await refused.text()]).toEqual([404, expect.stringContaining('any model')]);
  });

  it.each([
    ['who names it gets the API’s answer', {}, messages({ model: SONNET_4_5 }), 'model: x'],
    ['pinned means pinned', { MODEL_TRACK: 'pinned' as const }, messages({ model: 'gpt-4o' }), 'model: x'],
    ['something else was not found', {}, messages({ model: 'gpt-4o' }), 'File not found: file_1'],
  ])('is not replaced: %s', async (_, models, body, message) => {
    const script = () => {
      throw new TurnError('upstream_not_found', message);
    };
    const { ask, engine } = await setUpApp({ script, models });
    const response = await ask('/v1/messages', body);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining(message)]);
    expect(engine.turns).toHaveLength(1);
  });

  it('is not replaced in the middle of an answer', async () => {
    const { ask, engine } = await setUpApp({
      script: async function* () {
        yield* beginning();
        throw notFound(SONNET_4_5);
      },
    });
    expect((await ask('/v1/messages', messages({ model: 'gpt-4o' }))).status).toBe(404);
    expect(engine.turns).toHaveLength(1);
  });

  it('is replaced where tokens are counted', async () => {
    const { ask, engine } = await setUpApp();
    engine.countTokens = ({ request: { model } }) =>
      model === SONNET_4_5 ? Promise.reject(notFound(model)) : Promise.resolve(17);
    const counted = await ask('/v1/messages/count_tokens', messages({ model: 'gpt-4o', max_tokens: undefined }));
    expect([await counted.json(), counted.headers.get('x-proxy-model')]).toEqual([
      { input_tokens: 17 },
      'claude-sonnet-5-5',
    ]);
  });

  it('is not asked for from its last day on', async () => {
    const { ask, engine } = await setUpApp({ today: '2026-11-30' });
    const response = await ask('/v1/chat/completions', chat());
    expect([response.headers.get('x-proxy-model'), engine.turns.map(({ request }) => request.model)]).toEqual([
      'claude-sonnet-5-5',
      ['claude-sonnet-5-5'],
    ]);
  });
});
