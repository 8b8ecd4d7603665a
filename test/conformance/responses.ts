import type OpenAI from 'openai';
import { expect, it } from 'vitest';
import { until } from '../http/scripted-engine.ts';
import { slowToContinue } from '../engines/claude/support.ts';
import { type Arrived, dialogueOf, opensAgain, type Service, systemOf, text, usage } from './set-up.ts';

type Item = OpenAI.Responses.ResponseInputItem;

const model = 'gpt-4o';
const user = (content: string) => ({ role: 'user' as const, content });
const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const weather: OpenAI.Responses.FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { ...schema, $defs: { x: { type: 'null' } } },
  strict: null,
};
const patch: OpenAI.Responses.CustomTool = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Edits files',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
};

/** The Responses API through the OpenAI SDK. */
export const responsesSuite = (world: () => Service): void => {
  it('answers, and the upstream got the items as messages and the instructions as they are', async () => {
    const { openai, arrived } = world();
    const response = await openai.responses.create({
      model,
      instructions: 'You are terse. "Quoted" & <tagged>.',
      input: [
        { role: 'developer', content: 'Be kind.' },
        user('First question'),
        { role: 'assistant', content: 'First answer' },
        user('[[text:The second answer]] Second question'),
      ],
    });
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      model: 'claude-sonnet-4-5-20250929',
      output_text: 'The second answer',
    });
    const [request] = arrived();
    expect(arrived()).toHaveLength(1);
    if (request === undefined) return;
    expect(systemOf(world(), request).join('\n\n')).toBe('You are terse. "Quoted" & <tagged>.\n\nBe kind.');
    expect(dialogueOf(request)).toEqual([
      { role: 'user', content: [text('First question')] },
      { role: 'assistant', content: [text('First answer')] },
      { role: 'user', content: [text('[[text:The second answer]] Second question')] },
    ]);
  });

  it('streams the same answer, its events numbered and in order', async () => {
    const { openai } = world();
    const said = 'one two three žluťoučký 🐎';
    const stream = await openai.responses.create({ model, input: `[[text:${said}]]`, stream: true });
    const events = await Array.fromAsync(stream);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
    const deltas = events.filter((event) => event.type === 'response.output_text.delta');
    expect(deltas.map(({ delta }) => delta).join('')).toBe(said);
    expect(deltas.length).toBeGreaterThan(2);
    const types = events.map(({ type }) => type.replace('response.', ''));
    expect(types.filter((type) => type !== 'output_text.delta')).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
    expect(events.at(-1)).toMatchObject({
      response: { status: 'completed', usage: { output_tokens: expect.any(Number) } },
    });
  });

  it('carries a tool loop over several requests, with parallel calls, and asks the upstream once a step', async () => {
    const { openai, arrived } = world();
    const input: Item[] = [
      user(
        '[[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[tool:get_weather {"city":"Oslo"}]] [[then]] [[text:All sunny]]',
      ),
    ];
    const step = async () => {
      const { output, output_text } = await openai.responses.create({
        model,
        instructions: 'Use tools.',
        input,
        tools: [weather],
        store: false,
      });
      const calls = output.filter((item) => item.type === 'function_call');
      input.push(...(output as Item[]));
      for (const { call_id } of calls)
        input.push({ type: 'function_call_output', call_id, output: `sunny for ${call_id}` });
      return { calls, output_text };
    };
    const [first, second, third] = [await step(), await step(), await step()];
    expect(first.calls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([
      ['get_weather', { city: 'Prague' }],
      ['get_weather', { city: 'Brno' }],
    ]);
    expect([second.calls.length, third.calls.length, third.output_text]).toEqual([1, 0, 'All sunny']);
    expect(arrived()).toHaveLength(3);
    for (const { tools } of arrived())
      expect(tools).toMatchObject([
        { name: 'get_weather', description: 'Weather of a city', input_schema: weather.parameters },
      ]);
    const last = arrived()[2];
    if (last === undefined) return;
    const ids = ({ calls }: typeof first) => calls.map(({ call_id }) => call_id);
    expect(dialogueOf(last).map(({ role, content }) => [role, content.map((block) => idOf(block))])).toEqual([
      ['user', ['text']],
      ['assistant', ids(first)],
      ['user', ids(first)],
      ['assistant', ids(second)],
      ['user', ids(second)],
    ]);
  });

  it('streams calls as deltas and as a whole, each item with its own index', async () => {
    const stream = world().openai.responses.stream({
      model,
      input: '[[text:Looking]] [[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]]',
      tools: [weather],
    });
    const deltas = new Map<number, string>();
    stream.on('response.function_call_arguments.delta', ({ output_index, delta }) =>
      deltas.set(output_index, (deltas.get(output_index) ?? '') + delta),
    );
    const { output } = await stream.finalResponse();
    expect(output).toMatchObject([
      { type: 'message' },
      { type: 'function_call', arguments: '{"city":"Prague"}', status: 'completed' },
      { type: 'function_call', arguments: '{"city":"Brno"}', status: 'completed' },
    ]);
    expect([...deltas]).toEqual([
      [1, '{"city":"Prague"}'],
      [2, '{"city":"Brno"}'],
    ]);
  });

  it('offers a custom tool as a function, and gives and takes its raw text', async () => {
    const { openai, arrived } = world();
    const raw = '*** Begin Patch\n*** Add File: a.txt\n+"é"\n*** End Patch\n';
    const question = user(`[[tool:apply_patch ${JSON.stringify({ input: raw })}]] [[then]] [[text:Done]]`);
    const stream = await openai.responses.create({ model, input: [question], tools: [patch], stream: true });
    const events = await Array.fromAsync(stream);
    expect(
      events.flatMap((event) => (event.type === 'response.custom_tool_call_input.delta' ? event.delta : '')).join(''),
    ).toBe(raw);
    const last = events.at(-1);
    const output = last?.type === 'response.completed' ? last.response.output : [];
    const [call] = output.filter((item) => item.type === 'custom_tool_call');
    expect(call).toMatchObject({ name: 'apply_patch', input: raw });
    if (call === undefined) return;
    const input = [
      question,
      ...(output as Item[]),
      { type: 'custom_tool_call_output' as const, call_id: call.call_id, output: 'ok' },
    ];
    expect((await openai.responses.create({ model, input, tools: [patch] })).output_text).toBe('Done');
    const request = arrived().at(-1);
    expect(request && dialogueOf(request)[1]).toMatchObject({
      role: 'assistant',
      content: [{ type: 'tool_use', name: 'apply_patch', input: { input: raw } }],
    });
  });

  it('flattens a namespace, and gives its names back', async () => {
    const { openai, arrived } = world();
    const tools: OpenAI.Responses.Tool[] = [
      {
        type: 'namespace',
        name: 'mcp__docs',
        description: 'Docs',
        tools: [{ type: 'function', name: 'search', parameters: schema }],
      },
    ];
    const { output } = await openai.responses.create({
      model,
      input: '[[tool:mcp__docs__search {"city":"x"}]]',
      tools,
    });
    expect(output).toMatchObject([
      { type: 'function_call', name: 'search', namespace: 'mcp__docs', arguments: '{"city":"x"}' },
    ]);
    expect(arrived()[0]?.tools).toMatchObject([{ name: 'mcp__docs__search', input_schema: schema }]);
  });

  it('leaves out a tool that cannot be had and tells, unless it is forced', async () => {
    const { openai } = world();
    const tools: OpenAI.Responses.Tool[] = [weather, { type: 'file_search', vector_store_ids: ['v'] }];
    const { data, response } = await openai.responses.create({ model, input: '[[text:fine]]', tools }).withResponse();
    expect([data.output_text, response.headers.get('x-proxy-ignored')]).toEqual(['fine', 'tools[].type']);
    const forced = openai.responses.create({ model, input: 'x', tools, tool_choice: { type: 'file_search' } });
    await expect(forced).rejects.toMatchObject({ status: 400, param: 'tool_choice', code: 'unsupported_parameter' });
  });

  it('gives reasoning as items, and takes it back with its signature', async () => {
    const { openai, arrived } = world();
    const ask = {
      model,
      reasoning: { effort: 'low', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      store: false,
      tools: [weather],
    } satisfies Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, 'input'>;
    const input: Item[] = [user('[[think:Let me see]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[text:Yes]]')];
    const first = await openai.responses.create({ ...ask, input });
    expect(first.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'Let me see' }] },
      { type: 'function_call' },
    ]);
    const [reasoning, call] = first.output;
    if (reasoning?.type !== 'reasoning' || call?.type !== 'function_call') return;
    expect(reasoning.encrypted_content).toEqual(expect.any(String));
    input.push(...(first.output as Item[]), { type: 'function_call_output', call_id: call.call_id, output: 'sun' });
    expect((await openai.responses.create({ ...ask, input })).output_text).toBe('Yes');
    const [before, after] = arrived();
    expect(before).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 4096 } });
    expect(after).toMatchObject({ thinking: { type: 'enabled' } });
    expect(after && dialogueOf(after)[1]).toMatchObject({
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'Let me see', signature: expect.any(String) }, { type: 'tool_use' }],
    });
  });

  it('streams a summary of the reasoning', async () => {
    const stream = await world().openai.responses.create({
      model,
      reasoning: { effort: 'low' },
      input: '[[think:Let me see]] [[text:Yes]]',
      stream: true,
    });
    const events = await Array.fromAsync(stream);
    const deltas = events.filter((event) => event.type === 'response.reasoning_summary_text.delta');
    expect(deltas.map(({ delta }) => delta).join('')).toBe('Let me see');
  });

  it('ends at the limit as incomplete, with one completed request', async () => {
    const { openai, upstream } = world();
    upstream.script(slowToContinue);
    const response = await openai.responses.create({ model, max_output_tokens: 16, input: '[[tokens:50]]' });
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
    const events = await Array.fromAsync(
      await openai.responses.create({ model, max_output_tokens: 16, input: '[[tokens:50]]', stream: true }),
    );
    expect(events.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'incomplete' } });
    expect(
      upstream.messageRequests.filter(({ completed }) => completed).map(({ body }) => (body as Arrived).max_tokens),
    ).toEqual([16, 16]);
  });

  it('goes on after a call that was cut at the limit', async () => {
    const { openai, upstream, arrived } = world();
    upstream.script(slowToContinue);
    const input: Item[] = [user(`[[tool:get_weather {"city":"${'Prague '.repeat(80)}"}]]`)];
    const asked = { model, input, tools: [weather], store: false };
    const { status, output } = await openai.responses.create({ ...asked, max_output_tokens: 16 });
    const [call] = output;
    expect([status, call]).toMatchObject(['incomplete', { type: 'function_call', status: 'incomplete' }]);
    if (call?.type !== 'function_call') return;
    expect(() => JSON.parse(call.arguments) as unknown).toThrow(SyntaxError);
    input.push(call, { type: 'function_call_output', call_id: call.call_id, output: 'no JSON' }, user('[[text:on]]'));
    const { data, response } = await openai.responses.create(asked).withResponse();
    expect([data.output_text, response.headers.get('x-proxy-emulated')]).toEqual(['on', 'input']);
    const last = arrived().at(-1);
    expect(last && dialogueOf(last)[1]?.content).toMatchObject([
      { type: 'tool_use', id: call.call_id, input: { INVALID_JSON: call.arguments } },
    ]);
  });

  it("parses structured output with the SDK's own helper", async () => {
    const { openai, arrived } = world();
    const response = await openai.responses.parse({
      model,
      input: 'Where?',
      text: { format: { type: 'json_schema', name: 'place', strict: true, schema } },
    });
    expect(JSON.parse(response.output_text)).toEqual({ city: expect.any(String) });
    expect(arrived()[0]?.output_config?.format).toMatchObject({ type: 'json_schema', schema });
  });

  it('passes sampling and the choice of tools on, and tells what it ignored', async () => {
    const { openai, arrived } = world();
    const { response } = await openai.responses
      .create({
        model,
        temperature: 0.6,
        truncation: 'auto',
        tools: [weather],
        tool_choice: 'required',
        parallel_tool_calls: false,
        input: 'Go',
      })
      .withResponse();
    expect(arrived()[0]).toMatchObject({
      temperature: 0.3,
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    });
    expect(response.headers.get('x-proxy-ignored')).toBe('truncation');
  });

  it('carries images, also in what a tool brings', async () => {
    const { openai, arrived } = world();
    const data = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const picture = {
      type: 'input_image' as const,
      image_url: `data:image/png;base64,${data}`,
      detail: 'auto' as const,
    };
    const block = { type: 'image', source: { type: 'base64', media_type: 'image/png', data } };
    await openai.responses.create({
      model,
      tools: [weather],
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Look' }, picture] },
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: [picture] },
      ],
    });
    const [request] = arrived();
    expect(request && dialogueOf(request).map(({ content }) => content)).toMatchObject([
      [text('Look'), block],
      [{ type: 'tool_use' }],
      [{ type: 'tool_result', content: [block] }],
    ]);
  });

  it("reports the upstream's usage, streamed or not", async () => {
    const { openai, upstream } = world();
    upstream.script(() => ({ content: [{ type: 'text', text: 'Hi' }], usage }));
    const last = (await Array.fromAsync(await openai.responses.create({ model, input: 'Hi', stream: true }))).at(-1);
    const streamed = last?.type === 'response.completed' ? last.response.usage : undefined;
    for (const reported of [(await openai.responses.create({ model, input: 'Hi' })).usage, streamed]) {
      expect(reported).toEqual({
        input_tokens: 581,
        input_tokens_details: { cached_tokens: 500, cache_write_tokens: 70 },
        output_tokens: 23,
        output_tokens_details: { reasoning_tokens: 9 },
        total_tokens: 604,
      });
    }
  });

  it('goes on from a stored response, with the thinking of its tool loop', async () => {
    const { openai, arrived } = world();
    const ask = { model, reasoning: { effort: 'low' as const }, tools: [weather] };
    const first = await openai.responses.create({
      ...ask,
      input: '[[think:Let me see]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[text:Sunny]]',
    });
    const [reasoning, call] = first.output;
    expect([storeOf(first), reasoning?.type === 'reasoning' && reasoning.encrypted_content]).toEqual([true, undefined]);
    if (call?.type !== 'function_call') throw new Error('no call');
    const second = await openai.responses.create({
      ...ask,
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'sun' }],
    });
    expect([second.output_text, second.previous_response_id]).toEqual(['Sunny', first.id]);
    const events = await Array.fromAsync(
      await openai.responses.create({ ...ask, previous_response_id: second.id, input: '[[text:Again]]', stream: true }),
    );
    expect(events.at(-1)).toMatchObject({ response: { output: [{ content: [{ text: 'Again' }] }] } });
    const last = arrived().at(-1);
    expect(last && dialogueOf(last)).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Let me see' },
          { type: 'tool_use', name: 'get_weather' },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result' }] },
      { role: 'assistant', content: [text('Sunny')] },
      { role: 'user', content: [text('[[text:Again]]')] },
    ]);
  });

  it('shows a stored response, its input and what it refers to, and forgets it', async () => {
    const { openai } = world();
    const first = await openai.responses.create({ model, input: '[[text:one]]', metadata: { a: 'b' } });
    const second = await openai.responses.create({ model, input: '[[text:two]]', previous_response_id: first.id });
    expect(await openai.responses.retrieve(first.id)).toEqual(first);
    const items = await Array.fromAsync(await openai.responses.inputItems.list(second.id, { order: 'asc', limit: 1 }));
    expect(items).toMatchObject([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: '[[text:one]]' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'one' }] },
      { type: 'message', role: 'user', content: [{ text: '[[text:two]]' }] },
    ]);
    const reference = { type: 'item_reference' as const, id: second.output[0]?.id ?? '' };
    const third = await openai.responses.create({ model, input: [user('x'), reference, user('[[text:three]]')] });
    expect(third.output_text).toBe('three');
    await openai.responses.delete(first.id);
    await expect(openai.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
    await expect(openai.responses.delete(first.id)).rejects.toMatchObject({ status: 404 });
    const gone = openai.responses.create({ model, input: 'x', previous_response_id: first.id });
    await expect(gone).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
  });

  it('stores nothing for who does not want it', async () => {
    const { openai } = world();
    const response = await openai.responses.create({ model, input: 'x', store: false });
    expect(storeOf(response)).toBe(false);
    await expect(openai.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 });
  });

  it('cancels an answer under way', async () => {
    const { openai, upstream } = world();
    const stream = await openai.responses.create({ model, input: '[[text:one two three]] [[hang:2]]', stream: true });
    let id = '';
    const read = async () => {
      for await (const event of stream) {
        if (event.type === 'response.created') id = event.response.id;
        if (event.type !== 'response.output_text.delta' || id === '') continue;
        expect(await openai.responses.cancel(id)).toMatchObject({ id, object: 'response', status: 'cancelled' });
        id = '';
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'client_closed_request' });
    await until(() => upstream.messageRequests.every(({ aborted }) => aborted));
    const { id: whole } = await openai.responses.create({ model, input: 'x' });
    await expect(openai.responses.cancel(whole)).rejects.toMatchObject({ status: 400 });
    await expect(openai.responses.cancel('resp_none')).rejects.toMatchObject({ status: 404 });
  });

  it('counts the tokens of a request', async () => {
    const { openai } = world();
    const short = await openai.responses.inputTokens.count({ model, input: 'x' });
    const long = await openai.responses.inputTokens.count({ model, input: 'x '.repeat(500), tools: [weather] });
    expect(short).toMatchObject({ object: 'response.input_tokens', input_tokens: expect.any(Number) });
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens);
  });

  it('tells of a refusal', async () => {
    const { openai } = world();
    expect(await openai.responses.create({ model, input: '[[text:I cannot]] [[refuse]]' })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output_text: 'I cannot',
    });
  });

  it('fails with a status, in the middle of a stream with response.failed', async () => {
    const { openai, post } = world();
    await expect(openai.responses.create({ model, input: '[[error:429 retry-after=1]]' })).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: expect.stringMatching(/try again in \d+ ?s/i),
    });
    await opensAgain(world());
    await expect(openai.responses.create({ model, input: 'x', prompt: { id: 'p' } })).rejects.toMatchObject({
      status: 400,
      param: 'prompt',
    });
    const input = '[[text:one two three]] [[error-mid:overloaded_error after=2]]';
    const events = await framesOf(await post('/v1/responses', { model, input, stream: true }));
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', code: 'server_is_overloaded', error: { code: 'server_is_overloaded' } },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_is_overloaded' } } },
    ]);
    const read = async () => await Array.fromAsync(await openai.responses.create({ model, input, stream: true }));
    await expect(read()).rejects.toMatchObject({ code: 'server_is_overloaded' });
  });

  it('tells of a conversation that is too long where Codex looks for it', async () => {
    const { openai, upstream, post } = world();
    upstream.script(() => ({
      failure: { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    }));
    const events = await framesOf(await post('/v1/responses', { model, input: 'x', stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'error',
      'response.failed',
    ]);
    expect(events.at(-1)).toMatchObject({ response: { error: { code: 'context_length_exceeded' } } });
    await expect(openai.responses.create({ model, input: 'x' })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    });
  });
};

/** The SDK's types do not have it, the schema does. */
const storeOf = (response: object): unknown => Reflect.get(response, 'store');

interface Frame {
  readonly type: string;
  readonly sequence_number: number;
}

/** Every frame, also those after which the SDK stops to read. */
const framesOf = async (response: Response): Promise<readonly Frame[]> =>
  [...(await response.text()).matchAll(/^data: (.*)$/gmu)].map(([, data = '']) => JSON.parse(data) as Frame);

/** What tells a block: the id of its call, or its type. */
const idOf = (block: object): unknown => {
  const { id, tool_use_id, type } = block as { id?: string; tool_use_id?: string; type: string };
  return id ?? tool_use_id ?? type;
};
