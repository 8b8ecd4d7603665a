/** Models that end, on both engines: the real server, the real Claude Code, and an upstream that does not have them any more. */
import { describe, expect, it } from 'vitest';
import { startWorld, engines, type World } from './set-up.ts';

const SONNET_4_5 = 'claude-sonnet-4-5-20250929';

/** From now on the upstream has no Sonnet 4.5, and says so as the API does. */
const endSonnet = ({ upstream }: World): void =>
  upstream.script(({ model }) =>
    model === SONNET_4_5 ? { failure: { status: 404, message: `model: ${model}` } } : undefined,
  );

describe.each(engines)('a model that the API does not have any more (%s)', (engineName) => {
  it('is replaced within the request by the newest that the engine reports', async () => {
    const world = await startWorld(engineName, { MODEL_TRACK: 'auto', HEADER_WAIT_MS: '15000' });
    await using _ = { [Symbol.asyncDispose]: () => world.stop() };
    endSonnet(world);
    const { data, response } = await world.openai.chat.completions
      .create({ model: 'gpt-4o', temperature: 1.4, messages: [{ role: 'user', content: '[[text:Still here]]' }] })
      .withResponse();
    expect(data).toMatchObject({ model: 'claude-sonnet-5-5', choices: [{ message: { content: 'Still here' } }] });
    expect(response.headers.get('x-proxy-model')).toBe('claude-sonnet-5-5');
    expect(response.headers.get('x-proxy-ignored')).toBe('temperature');

    const stream = world.anthropic.messages.stream({
      model: 'gpt-4o',
      max_tokens: 100,
      messages: [{ role: 'user', content: '[[text:Here too]]' }],
    });
    expect(await stream.finalText()).toBe('Here too');
    expect(world.arrived().map(({ model }) => model)).toEqual(
      expect.arrayContaining([SONNET_4_5, 'claude-sonnet-5-5']),
    );
    expect(world.arrived().at(-1)?.model).toBe('claude-sonnet-5-5');

    const named = await world.post('/v1/messages', {
      model: SONNET_4_5,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect([named.status, await named.text()]).toEqual([404, expect.stringContaining(SONNET_4_5)]);
  });
});
