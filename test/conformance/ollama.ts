import { Ollama, type ChatResponse, type Message, type Tool } from 'ollama';
import { expect, it } from 'vitest';
import { dialogueOf, systemOf, text, usage, type Arrived, type Service } from './set-up.ts';

const weather: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/58BAwAI/AL+X8rhtwAAAABJRU5ErkJggg==';
const user = (content: string) => ({ role: 'user', content });
const LOOP = '[[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[text:Sunny.]]';
const said = (parts: readonly ChatResponse[]) => parts.map(({ message }) => message.content).join('');

/** Ollama's API through its official client. */
export const ollamaSuite = (world: () => Service & { readonly url: string }): void => {
  const ollama = (headers: Record<string, string> = {}) => new Ollama({ host: world().url, headers });

  const lastArrived = (): Arrived => {
    const last = world().arrived().at(-1);
    if (last === undefined) throw new Error('nothing reached the upstream');
    return last;
  };

  it('says its version, and that nothing is loaded', async () => {
    expect(await ollama().version()).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(await ollama().ps()).toEqual({ models: [] });
  });

  it('lists models with their tag, and describes each of them', async () => {
    const { models } = await ollama().list();
    const names = models.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['sonnet:latest', 'opus:latest', 'claude-opus-5-5:latest']));
    expect(names.filter((name) => name.includes('gpt') || name.includes('('))).toEqual([]);
    expect(models.every(({ model, digest }) => names.includes(model) && digest.length === 64)).toBe(true);
    for (const model of ['sonnet', 'claude-opus-5-5:latest']) {
      expect(await ollama().show({ model })).toMatchObject({
        capabilities: expect.arrayContaining(['completion', 'tools', 'vision', 'thinking']),
        model_info: { 'general.architecture': 'claude', 'claude.context_length': expect.any(Number) },
      });
    }
    await expect(ollama().show({ model: 'llama9' })).rejects.toMatchObject({ status_code: 404 });
  });

  it('has nothing to fetch of a model that answers', async () => {
    expect(await ollama().pull({ model: 'sonnet' })).toEqual({ status: 'success' });
    const parts = await Array.fromAsync(await ollama().pull({ model: 'opus:latest', stream: true }));
    expect(parts).toEqual([{ status: 'success' }]);
    await expect(ollama().pull({ model: 'llama9' })).rejects.toMatchObject({ status_code: 404 });
  });

  it('chats, with the figures of the upstream and durations that add up', async () => {
    world().upstream.script(() => ({ content: [{ type: 'text', text: 'Second answer' }], usage }));
    const answer = await ollama().chat({
      model: 'gpt-4o',
      messages: [
        { role: 'system', content: 'Be terse.' },
        user('First'),
        { role: 'assistant', content: 'Answer' },
        user('Second'),
      ],
    });
    expect(answer).toMatchObject({
      model: 'claude-sonnet-4-5-20250929',
      message: { role: 'assistant', content: 'Second answer' },
      done: true,
      done_reason: 'stop',
      load_duration: 0,
      eval_count: 23,
      prompt_eval_count: 11 + 500 + 70,
    });
    expect(Number.isNaN(Date.parse(String(answer.created_at)))).toBe(false);
    expect(answer.prompt_eval_duration + answer.eval_duration).toBeCloseTo(answer.total_duration, -3);
    const [asked] = world().arrived();
    if (asked === undefined) return;
    expect(systemOf(world(), asked)).toEqual(['Be terse.']);
    expect(dialogueOf(asked).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it('streams lines of JSON, the last with the figures', async () => {
    const parts = await Array.fromAsync(
      await ollama().chat({ model: 'gpt-4o', messages: [user('[[text:one two three 🐎]]')], stream: true }),
    );
    expect(said(parts)).toBe('one two three 🐎');
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.slice(0, -1).every(({ done }) => !done)).toBe(true);
    expect(parts.at(-1)).toMatchObject({ done: true, done_reason: 'stop', eval_count: expect.any(Number) });
  });

  it('streams when nothing says otherwise', async () => {
    const response = await world().post('/api/chat', { model: 'sonnet', messages: [user('[[text:hi]]')] });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { done: boolean }).done).at(-1)).toBe(true);
  });

  it.each([true, false])('carries a tool loop with parallel calls, ids kept by the client: %s', async (idsKept) => {
    const messages: Message[] = [user(LOOP)];
    const first = await ollama().chat({ model: 'gpt-4o', messages, tools: [weather] });
    const calls = first.message.tool_calls ?? [];
    expect(calls.map((call) => call.function)).toMatchObject([
      { name: 'get_weather', arguments: { city: 'Prague' } },
      { name: 'get_weather', arguments: { city: 'Brno' } },
    ]);
    const kept = calls.map((call) => (idsKept ? call : { function: call.function }));
    messages.push({ ...first.message, tool_calls: kept });
    for (const [index, result] of ['rain', 'snow'].entries())
      messages.push({
        role: 'tool',
        content: result,
        tool_name: 'get_weather',
        ...(idsKept && { tool_call_id: (calls[index] as { id?: string }).id }),
      });
    const second = await ollama().chat({ model: 'gpt-4o', messages, tools: [weather] });
    expect(second.message.content).toBe('Sunny.');
    const results = dialogueOf(lastArrived()).at(-1)?.content;
    expect(results?.map((block) => (block as { content: { text: string }[] }).content[0]?.text)).toEqual([
      'rain',
      'snow',
    ]);
  });

  it('streams calls whole, one a line', async () => {
    const parts = await Array.fromAsync(
      await ollama().chat({ model: 'gpt-4o', messages: [user(LOOP)], tools: [weather], stream: true }),
    );
    expect(parts.flatMap(({ message }) => message.tool_calls ?? []).map((call) => call.function.arguments)).toEqual([
      { city: 'Prague' },
      { city: 'Brno' },
    ]);
  });

  it('shows images as base64', async () => {
    await ollama().chat({ model: 'gpt-4o', messages: [{ ...user('What is it?'), images: [PNG] }] });
    expect(dialogueOf(lastArrived())[0]?.content).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      text('What is it?'),
    ]);
    await expect(
      ollama().chat({ model: 'gpt-4o', messages: [{ ...user('x'), images: ['AAAA'] }] }),
    ).rejects.toMatchObject({ status_code: 400, error: expect.stringContaining('messages[0].images[0]') });
  });

  it('thinks when asked, and shows it beside the text', async () => {
    const asked = { model: 'gpt-4o', messages: [user('[[think:Let me see]] [[text:Yes]]')], think: true };
    expect((await ollama().chat({ ...asked })).message).toMatchObject({ content: 'Yes', thinking: 'Let me see' });
    expect(world().arrived()[0]).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 8192 } });
    const parts = await Array.fromAsync(await ollama().chat({ ...asked, messages: [...asked.messages], stream: true }));
    expect([said(parts), parts.map(({ message }) => message.thinking ?? '').join('')]).toEqual(['Yes', 'Let me see']);
  });

  it('keeps a schema, and says what became of the options', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const response = await world().post('/api/chat', {
      model: 'gpt-4o',
      messages: [user('[[text:{"a":"b"}]]')],
      format: schema,
      stream: false,
      keep_alive: '5m',
      options: { num_ctx: 8192, num_predict: 100, temperature: 0.2, seed: 1, stop: ['END'] },
    });
    expect(response.headers.get('x-proxy-ignored')).toBe('options.seed');
    expect(((await response.json()) as ChatResponse).message.content).toBe('{"a":"b"}');
    expect(world().arrived()[0]).toMatchObject({
      max_tokens: 100,
      temperature: 0.2,
      stop_sequences: ['END'],
      output_config: { format: { type: 'json_schema' } },
    });
  });

  it('generates, streamed and not', async () => {
    const asked = { model: 'gpt-4o', prompt: '[[text:generated text]]', system: 'Be terse.' };
    expect(await ollama().generate(asked)).toMatchObject({ response: 'generated text', done: true });
    const parts = await Array.fromAsync(await ollama().generate({ ...asked, stream: true }));
    expect(parts.map(({ response }) => response).join('')).toBe('generated text');
    const [arrived] = world().arrived();
    expect(arrived && systemOf(world(), arrived)).toEqual(['Be terse.']);
  });

  it('has nothing to load, and says so without asking the model', async () => {
    expect(await ollama().chat({ model: 'sonnet', messages: [] })).toMatchObject({ done: true, done_reason: 'load' });
    expect(await ollama().generate({ model: 'sonnet', prompt: '', keep_alive: 0 })).toMatchObject({
      response: '',
      done: true,
      done_reason: 'unload',
    });
    const parts = await Array.fromAsync(await ollama().chat({ model: 'sonnet', messages: [], stream: true }));
    expect(parts).toMatchObject([{ done: true, done_reason: 'load' }]);
    expect(world().arrived()).toEqual([]);
  });

  it('ends where the limit is', async () => {
    const answer = await ollama().chat({ model: 'gpt-4o', messages: [user('[[text:cut]] [[stop:max_tokens]]')] });
    expect(answer.done_reason).toBe('length');
  });

  it("reports errors in Ollama's words, before and inside a stream", async () => {
    const failing = { model: 'gpt-4o', messages: [user('[[error:529]]')] };
    await expect(ollama().chat(failing)).rejects.toMatchObject({ status_code: 529, error: expect.any(String) });
    const broken = ollama().chat({
      model: 'gpt-4o',
      messages: [user('[[text:a b c]] [[error-mid:500]]')],
      stream: true,
    });
    await expect(broken.then((parts) => Array.fromAsync(parts))).rejects.toThrow(/./);
    await expect(ollama().embed({ model: 'sonnet', input: 'x' })).rejects.toMatchObject({
      status_code: 404,
      error: expect.stringContaining('embeddings'),
    });
    await expect(ollama().delete({ model: 'sonnet' })).rejects.toMatchObject({ status_code: 404 });
  });

  it('is probed as Ollama is, and still is what it is', async () => {
    const probe = await fetch(world().url, { headers: { 'user-agent': 'ollama/0.13.3 (amd64 linux) Go/go1.24' } });
    expect(await probe.text()).toBe('Ollama is running');
    expect((await fetch(world().url, { method: 'HEAD' })).status).toBe(200);
    expect(await (await fetch(world().url)).json()).toMatchObject({ name: 'opencode-claude-proxy' });
  });

  it("serves Home Assistant's conversation: models, one of them, a chat with tools and without ids", async () => {
    const client = ollama();
    const { models } = await client.list();
    const model = models.find(({ name }) => name.startsWith('claude-sonnet-4-5'))?.model ?? '';
    expect((await client.show({ model })).capabilities).toContain('tools');
    const turnOn: Tool = {
      type: 'function',
      function: {
        name: 'HassTurnOn',
        description: 'Turns on a device',
        parameters: { type: 'object', properties: { name: { type: 'string' }, domain: { type: 'array' } } },
      },
    };
    const options = { num_ctx: 8192 };
    const messages: Message[] = [
      { role: 'system', content: 'You are a voice assistant for Home Assistant.' },
      user('[[tool:HassTurnOn {"name":"Lamp"}]] [[then]] [[text:The lamp is on.]]'),
    ];
    const ask = async () => {
      const parts = await Array.fromAsync(
        await client.chat({ model, messages, tools: [turnOn], stream: true, keep_alive: -1, options, think: false }),
      );
      return { content: said(parts), calls: parts.flatMap(({ message }) => message.tool_calls ?? []) };
    };
    const first = await ask();
    const calls = first.calls.map(({ function: { name, arguments: input } }) => ({
      function: { name, arguments: input },
    }));
    expect(calls).toEqual([{ function: { name: 'HassTurnOn', arguments: { name: 'Lamp' } } }]);
    messages.push({ role: 'assistant', content: first.content, tool_calls: calls });
    messages.push({ role: 'tool', content: '{"success":true}' });
    const second = await ask();
    expect(second).toEqual({ content: 'The lamp is on.', calls: [] });
    messages.push({ role: 'assistant', content: second.content }, user('[[text:You are welcome.]]'));
    expect((await ask()).content).toBe('You are welcome.');
    // It cuts long histories by number, also between a call and its result.
    messages.splice(1, 2);
    expect((await ask()).content).toBe('You are welcome.');
  });
};
