import { AzureOpenAI } from 'openai';
import { expect, it } from 'vitest';
import type { World } from './set-up.ts';

/** Azure's two generations of paths, through OpenAI's own client for Azure. */
export const azureSuite = (world: () => World, apiKey: string): void => {
  const azure = (more: { deployment?: string } = {}) =>
    new AzureOpenAI({ endpoint: world().server.url, apiKey, apiVersion: '2024-10-21', maxRetries: 0, ...more });
  const hello = (says: string) => [{ role: 'user', content: `[[text:${says}]]` }] as const;

  it('takes the model from the path of a deployment, over that of the body', async () => {
    const { data, response } = await azure({ deployment: 'claude-haiku-4-5' })
      .chat.completions.create({ model: 'gpt-4', messages: [...hello('from Azure')] })
      .withResponse();
    expect([data.choices[0]?.message.content, response.headers.get('x-proxy-model')]).toEqual([
      'from Azure',
      'claude-haiku-4-5-20251001',
    ]);
    const path = new URL(response.url).pathname;
    expect(path).toBe('/openai/deployments/claude-haiku-4-5/chat/completions');
    expect(world().arrived()[0]?.model).toBe('claude-haiku-4-5');
  });

  it('needs no model in the body', async () => {
    const response = await world().post(
      '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      { messages: hello('bare') },
      { headers: { authorization: '', 'api-key': apiKey } },
    );
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'bare' } }] });
  });

  it('streams, and completes prompts', async () => {
    const stream = await azure().chat.completions.create({
      model: 'gpt-4o',
      messages: [...hello('one two')],
      stream: true,
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two');
    const completion = await azure().completions.create({ model: 'gpt-4o', prompt: '[[text:completed]]' });
    expect(completion.choices[0]?.text).toBe('completed');
  });

  it('serves responses and models beside the deployments, and below /openai/v1', async () => {
    expect((await azure().responses.create({ model: 'gpt-4o', input: '[[text:a response]]' })).output_text).toBe(
      'a response',
    );
    const listed = await Array.fromAsync(azure().models.list());
    expect(listed.map(({ id }) => id)).toContain('gpt-4o');
    const newer = world().openai.withOptions({ baseURL: `${world().server.url}/openai/v1/` });
    const completion = await newer.chat.completions.create({ model: 'gpt-4o', messages: [...hello('newer')] });
    expect(completion.choices[0]?.message.content).toBe('newer');
    expect((await newer.responses.create({ model: 'gpt-4o', input: '[[text:newer]]' })).output_text).toBe('newer');
    expect((await newer.models.retrieve('gpt-4o')).id).toBe('gpt-4o');
  });

  it("refuses another key in OpenAI's words, and says what is not there", async () => {
    const stranger = new AzureOpenAI({
      endpoint: world().server.url,
      apiKey: 'wrong',
      apiVersion: '2024-10-21',
      maxRetries: 0,
    });
    await expect(
      stranger.chat.completions.create({ model: 'gpt-4o', messages: [...hello('x')] }),
    ).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(azure().embeddings.create({ model: 'gpt-4o', input: 'x' })).rejects.toMatchObject({ status: 404 });
  });
};
