import type OpenAI from 'openai';
import { expect, it } from 'vitest';
import { slowToContinue } from '../engines/claude/support.ts';
import { type Arrived, dialogueOf, reminder, type Service, systemOf, text, usage } from './set-up.ts';

const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      $defs: { x: { type: 'null' } },
    },
  },
};
const user = (content: string) => ({ role: 'user', content }) as const;

/** Chat Completions through the OpenAI SDK. */
export const chatSuite = (world: () => Service): void => {
  it('answers, and the upstream got the messages as messages and the system prompt as it is', async () => {
    const { openai, arrived } = world();
    const completion = await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [
        { role: 'system', content: 'You are terse. "Quoted" & <tagged>.' },
        user('First question'),
        { role: 'assistant', content: 'First answer' },
        user('[[text:The second answer]] Second question'),
      ],
    });
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'claude-sonnet-4-5-20250929',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'The second answer', refusal: null },
        },
      ],
    });
    expect(completion.usage?.total_tokens).toBe(
      (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
    );
    expect(arrived()).toHaveLength(1);
    const [request] = arrived();
    if (request === undefined) return;
    expect(systemOf(world(), request)).toEqual(['You are terse. "Quoted" & <tagged>.']);
    expect(dialogueOf(request)).toEqual([
      { role: 'user', content: [text('First question')] },
      { role: 'assistant', content: [text('First answer')] },
      { role: 'user', content: [text('[[text:The second answer]] Second question')] },
    ]);
  });

  it("streams the same answer, in OpenAI's order of chunks", async () => {
    const { openai, arrived } = world();
    const stream = await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [user('[[text:one two three žluťoučký 🐎]]')],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('one two three žluťoučký 🐎');
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length).toBeGreaterThan(2);
    expect(chunks.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(['stop']);
    const last = chunks.at(-1);
    expect([last?.choices, last?.usage?.completion_tokens]).toEqual([[], expect.any(Number)]);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(arrived()).toHaveLength(1);
  });

  it('sends no usage chunk that was not asked for', async () => {
    const stream = await world().openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [user('Hi')],
      stream: true,
    });
    expect((await Array.fromAsync(stream)).every(({ usage, choices }) => !usage && choices.length === 1)).toBe(true);
  });

  it('carries a tool loop over several requests, with parallel calls, and asks the upstream once a step', async () => {
    const { openai, arrived } = world();
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'system', content: 'Use tools.' },
      user(
        '[[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]] [[then]] [[tool:get_weather {"city":"Oslo"}]] [[then]] [[text:All sunny]]',
      ),
    ];
    const step = async () => {
      const {
        choices: [choice],
      } = await openai.chat.completions.create({ model: 'gpt-4o', messages, tools: [weather] });
      if (choice === undefined) throw new Error('no choice');
      messages.push(choice.message);
      return choice;
    };
    const answerCalls = (calls: readonly OpenAI.ChatCompletionMessageToolCall[] = []) => {
      for (const { id } of calls) messages.push({ role: 'tool', tool_call_id: id, content: `sunny for ${id}` });
    };
    const first = await step();
    expect(first.finish_reason).toBe('tool_calls');
    expect(
      first.message.tool_calls?.map(
        (call) => call.type === 'function' && [call.function.name, JSON.parse(call.function.arguments)],
      ),
    ).toEqual([
      ['get_weather', { city: 'Prague' }],
      ['get_weather', { city: 'Brno' }],
    ]);
    answerCalls(first.message.tool_calls);
    const second = await step();
    expect(second.message.tool_calls).toHaveLength(1);
    answerCalls(second.message.tool_calls);
    const third = await step();
    expect([third.finish_reason, third.message.content]).toEqual(['stop', 'All sunny']);

    expect(arrived()).toHaveLength(3);
    for (const { tools } of arrived())
      expect(tools).toMatchObject([
        { name: 'get_weather', description: 'Weather of a city', input_schema: weather.function.parameters },
      ]);
    const last = arrived()[2];
    if (last === undefined) return;
    const calls = (choice: typeof first) => (choice.message.tool_calls ?? []).map(({ id }) => id);
    expect(systemOf(world(), last)).toEqual(['Use tools.']);
    expect(dialogueOf(last).map(({ role, content }) => [role, content.map((block) => idOf(block))])).toEqual([
      ['user', ['text']],
      ['assistant', calls(first)],
      ['user', calls(first)],
      ['assistant', calls(second)],
      ['user', calls(second)],
    ]);
    expect(JSON.stringify(last.messages)).toContain(`sunny for ${calls(second)[0]}`);
  });

  it('streams tool calls with sequential indices and whole arguments', async () => {
    const stream = world().openai.chat.completions.stream({
      model: 'gpt-4o',
      messages: [user('[[text:Looking]] [[tool:get_weather {"city":"Prague"}]] [[tool:get_weather {"city":"Brno"}]]')],
      tools: [weather],
    });
    const indices = new Set<number>();
    stream.on('chunk', (chunk) => chunk.choices[0]?.delta.tool_calls?.forEach(({ index }) => indices.add(index)));
    const completion = await stream.finalChatCompletion();
    expect([...indices]).toEqual([0, 1]);
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Looking',
        tool_calls: [{ function: { arguments: '{"city":"Prague"}' } }, { function: { arguments: '{"city":"Brno"}' } }],
      },
    });
  });

  it('ends at max_tokens as length, with one completed request and no continuation', async () => {
    const { openai, upstream } = world();
    upstream.script(slowToContinue);
    for (const limit of [{ max_tokens: 5 }, { max_completion_tokens: 5 }]) {
      const { choices } = await openai.chat.completions.create({
        model: 'gpt-4o',
        ...limit,
        messages: [user('[[tokens:50]]')],
      });
      expect(choices[0]?.finish_reason).toBe('length');
    }
    // Claude Code may have begun a second one before it could be stopped; it is aborted unread.
    expect(
      upstream.messageRequests.filter(({ completed }) => completed).map(({ body }) => (body as Arrived).max_tokens),
    ).toEqual([5, 5]);
  });

  it('passes sampling, stops and tool choice on', async () => {
    const { openai, arrived } = world();
    const { response } = await openai.chat.completions
      .create({
        model: 'gpt-4o',
        temperature: 0.6,
        stop: ['END', 'STOP'],
        seed: 4,
        tools: [weather],
        tool_choice: 'required',
        parallel_tool_calls: false,
        messages: [user('Go')],
      })
      .withResponse();
    expect(arrived()[0]).toMatchObject({
      temperature: 0.3,
      stop_sequences: ['END', 'STOP'],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    });
    expect(response.headers.get('x-proxy-ignored')).toBe('seed');
  });

  it('carries images', async () => {
    const { openai, arrived } = world();
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          ],
        },
      ],
    });
    expect(arrived()[0] && dialogueOf(arrived()[0] as never)).toEqual([
      {
        role: 'user',
        content: [
          text('What is this?'),
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
        ],
      },
    ]);
  });

  it("parses structured output with the SDK's own helper", async () => {
    const { openai, arrived } = world();
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const completion = await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [user('Where?')],
      response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ city: expect.any(String) });
    expect(arrived()[0]?.output_config?.format).toMatchObject({ type: 'json_schema', schema });
  });

  it('keeps the results of calls whose ids are used again, and of ids that differ in a number only', async () => {
    const { openai, arrived } = world();
    const called = (...ids: string[]) => ({
      role: 'assistant' as const,
      content: null,
      tool_calls: ids.map((id) => ({
        id,
        type: 'function' as const,
        function: { name: 'get_weather', arguments: `{"city":"${id}"}` },
      })),
    });
    const result = (id: string, content: string) => ({ role: 'tool' as const, tool_call_id: id, content });
    await openai.chat.completions.create({
      model: 'gpt-4o',
      tools: [weather],
      messages: [
        user('q'),
        called('call_1', 'call_2'),
        result('call_1', 'a'),
        result('call_2', 'b'),
        called('call_1'),
        result('call_1', 'c'),
        called('call_1'),
        result('call_1', 'd'),
      ],
    });
    const [asked] = arrived();
    if (asked === undefined) throw new Error('nothing reached the upstream');
    const results = dialogueOf(asked)
      .flatMap(({ content }) => content as readonly { type: string; content?: string | { text: string }[] }[])
      .filter(({ type }) => type === 'tool_result')
      .map(({ content }) => (typeof content === 'string' ? content : content?.[0]?.text));
    expect(results).toEqual(['a', 'b', 'c', 'd']);
  });

  it("reports the upstream's usage, streamed or not", async () => {
    const { openai, upstream } = world();
    upstream.script(() => ({ content: [{ type: 'text', text: 'Hi' }], usage }));
    const body = { model: 'gpt-4o', messages: [user('Hi')] };
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } }),
    );
    for (const reported of [(await openai.chat.completions.create(body)).usage, chunks.at(-1)?.usage]) {
      expect(reported).toEqual({
        prompt_tokens: 581,
        completion_tokens: 23,
        total_tokens: 604,
        prompt_tokens_details: { cached_tokens: 500, cache_write_tokens: 70 },
        completion_tokens_details: { reasoning_tokens: 9 },
      });
    }
  });

  it('carries system and developer messages in mid-conversation', async () => {
    const { openai, arrived } = world();
    const { data, response } = await openai.chat.completions
      .create({
        model: 'gpt-4o',
        messages: [
          user('one'),
          { role: 'assistant', content: 'two' },
          { role: 'developer', content: 'Be brief.' },
          user('[[text:three]]'),
        ],
      })
      .withResponse();
    expect([data.choices[0]?.message.content, response.headers.get('x-proxy-emulated')]).toEqual(['three', 'messages']);
    expect(arrived().map((request) => dialogueOf(request))).toEqual([
      [
        { role: 'user', content: [text('one')] },
        { role: 'assistant', content: [text('two')] },
        { role: 'user', content: [reminder('Be brief.'), text('[[text:three]]')] },
      ],
    ]);
  });

  it('gives reasoning where it was asked for, streamed or not, and takes it back', async () => {
    const { openai, arrived } = world();
    const body = {
      model: 'gpt-4o',
      reasoning_effort: 'low' as const,
      messages: [user('[[think:Let me see]] [[text:Yes]]')],
    };
    const { message } = (await openai.chat.completions.create(body)).choices[0] ?? {};
    expect(message).toMatchObject({ content: 'Yes', reasoning_content: 'Let me see' });
    const deltas = (await Array.fromAsync(await openai.chat.completions.create({ ...body, stream: true }))).map(
      ({ choices: [choice] }) => choice?.delta as { content?: string; reasoning_content?: string } | undefined,
    );
    expect(deltas.map((delta) => delta?.reasoning_content ?? '').join('')).toBe('Let me see');
    expect(deltas.map((delta) => delta?.content ?? '').join('')).toBe('Yes');
    expect(arrived()[0]).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 4_096 } });
    if (message === undefined) return;
    const next = await openai.chat.completions.create({
      ...body,
      messages: [...body.messages, message, user('[[text:Again]]')],
    });
    expect(next.choices[0]?.message.content).toBe('Again');
  });

  it('carries the legacy functions, streamed or not', async () => {
    const { openai, arrived } = world();
    const functions = [
      { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
    ];
    const question = user('[[tool:get_weather {"city":"Prague"}]] [[then]] [[text:Sunny]]');
    const first = (await openai.chat.completions.create({ model: 'gpt-4o', functions, messages: [question] }))
      .choices[0];
    expect(first).toMatchObject({
      finish_reason: 'function_call',
      message: { content: null, function_call: { name: 'get_weather', arguments: '{"city":"Prague"}' } },
    });
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ model: 'gpt-4o', functions, messages: [question], stream: true }),
    );
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.function_call?.arguments ?? '').join('')).toBe(
      '{"city":"Prague"}',
    );
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('function_call');
    if (first === undefined) return;
    const second = await openai.chat.completions.create({
      model: 'gpt-4o',
      functions,
      messages: [question, first.message, { role: 'function', name: 'get_weather', content: 'sun' }],
    });
    expect(second.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Sunny' } });
    const last = arrived().at(-1);
    expect(last && dialogueOf(last).slice(1)).toMatchObject([
      { role: 'assistant', content: [{ type: 'tool_use', name: 'get_weather', input: { city: 'Prague' } }] },
      { role: 'user', content: [{ type: 'tool_result' }] },
    ]);
  });

  it('tells of a refusal as content_filter, streamed or not', async () => {
    const { openai } = world();
    const body = { model: 'gpt-4o', messages: [user('[[text:I cannot]] [[refuse]]')] };
    expect((await openai.chat.completions.create(body)).choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: 'I cannot' },
    });
    const chunks = await Array.fromAsync(await openai.chat.completions.create({ ...body, stream: true }));
    expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['content_filter']);
  });

  it('answers the old completions API', async () => {
    const { openai } = world();
    const completion = await openai.completions.create({
      model: 'gpt-3.5-turbo-instruct',
      prompt: '[[text:and they lived]] Once upon a time',
    });
    expect(completion.choices[0]).toMatchObject({ text: 'and they lived', finish_reason: 'stop' });
    const stream = await openai.completions.create({
      model: 'gpt-3.5-turbo-instruct',
      prompt: '[[text:and they lived]]',
      stream: true,
    });
    expect((await Array.fromAsync(stream)).map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(
      'and they lived',
    );
  });

  it('cuts the answer at a stop sequence that the API does not take', async () => {
    const { choices } = await world().openai.chat.completions.create({
      model: 'gpt-4o',
      stop: '\n\n',
      messages: [user('[[text:first\n\nsecond]]')],
    });
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'first' } });
  });
};

/** What tells a block: the id of its call, or its type. */
const idOf = (block: object): unknown => {
  const { id, tool_use_id, type } = block as { id?: string; tool_use_id?: string; type: string };
  return id ?? tool_use_id ?? type;
};
