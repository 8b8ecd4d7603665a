import type OpenAI from 'openai';
import { expect, it } from 'vitest';
import { claudeBody, gptBody, plainBody } from '../fixtures/cursor.ts';
import { dialogueOf, systemOf, text, type Service } from './set-up.ts';

type Chunk = OpenAI.ChatCompletionChunk;
type Call = NonNullable<OpenAI.ChatCompletionMessage['tool_calls']>[number];

const READ = '[[tool:read_file {"path":"a.ts"}]] [[then]] [[text:It is empty.]]';

/** Cursor's agent by its three shapes, each through a step with a tool. The answer is always chat completion chunks. */
export const cursorSuite = (world: () => Service): void => {
  const ask = async (body: object): Promise<{ chunks: readonly Chunk[]; response: Response }> => {
    const response = await world().post('/v1/chat/completions', body);
    const answer = await response.text();
    expect([response.status, response.status === 200 || answer]).toEqual([200, true]);
    const lines = answer.split('\n').filter((line) => line.startsWith('data: '));
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice('data: '.length)) as Chunk);
    expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } });
    return { chunks, response };
  };
  const said = (chunks: readonly Chunk[]) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  const calls = (chunks: readonly Chunk[]): readonly Call[] => {
    const made: Call[] = [];
    for (const delta of chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])) {
      const { index, ...part } = delta as { index: number } & Call;
      const known = made[index];
      if (known === undefined) made[index] = part;
      else if (known.type === 'custom' && 'custom' in part) known.custom.input += part.custom.input;
      else if (known.type === 'function' && 'function' in part) known.function.arguments += part.function.arguments;
    }
    return made;
  };
  const firstCall = (chunks: readonly Chunk[]): Call => {
    const [call] = calls(chunks);
    if (call === undefined) throw new Error('the model has called nothing');
    return call;
  };
  const readsFile = { type: 'function', function: { name: 'read_file', arguments: '{"path":"a.ts"}' } };

  it('plain chat', async () => {
    const body = plainBody(READ);
    const call = firstCall((await ask(body)).chunks);
    expect(call).toMatchObject(readsFile);
    const messages = [
      ...body.messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: '' },
    ];
    expect(said((await ask({ ...body, messages })).chunks)).toBe('It is empty.');
  });

  it('blocks and tools of the Messages API', async () => {
    const body = claudeBody(READ);
    const first = await ask(body);
    const call = firstCall(first.chunks);
    expect(call).toMatchObject(readsFile);
    expect(first.response.headers.get('x-proxy-ignored')).toBeNull();
    const messages = [
      ...body.messages,
      {
        role: 'assistant',
        content: [text('I look.'), { type: 'tool_use', id: call.id, name: 'read_file', input: { path: 'a.ts' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: [text('(nothing)')] }] },
    ];
    expect(said((await ask({ ...body, messages })).chunks)).toBe('It is empty.');
    const [asked, last] = world().arrived();
    if (asked === undefined || last === undefined) throw new Error('the upstream was not asked twice');
    expect(systemOf(world(), asked)).toEqual(['You are a coding agent.']);
    expect(asked.tools).toMatchObject([{ name: 'read_file', input_schema: body.tools[0]?.input_schema }]);
    expect(dialogueOf(last).at(-1)?.content[0]).toMatchObject({ type: 'tool_result', tool_use_id: call.id });
  });

  it('a body of the Responses API, with a function', async () => {
    const body = gptBody(`[[think:hm]] ${READ}`);
    const { chunks, response } = await ask(body);
    const call = firstCall(chunks);
    expect(call).toMatchObject(readsFile);
    expect(response.headers.get('x-proxy-ignored')?.split(', ')).toContain('include');
    const input = [
      ...body.input,
      { type: 'function_call', call_id: call.id, name: 'read_file', arguments: '{"path":"a.ts"}' },
      { type: 'function_call_output', call_id: call.id, output: '(nothing)' },
    ];
    expect(said((await ask({ ...body, input })).chunks)).toBe('It is empty.');
    expect(world().arrived()).toHaveLength(2);
  });

  it('a body of the Responses API, with a custom tool', async () => {
    const patch = '*** Begin Patch\n*** Add File: "a" \\ é 🐎\n*** End Patch';
    const body = gptBody(
      `[[think:hm]] [[tool:ApplyPatch ${JSON.stringify({ input: patch })}]] [[then]] [[text:Patched.]]`,
    );
    const call = firstCall((await ask(body)).chunks);
    expect(call).toEqual({ id: expect.any(String), type: 'custom', custom: { name: 'ApplyPatch', input: patch } });
    const input = [
      ...body.input,
      { type: 'custom_tool_call', call_id: call.id, name: 'ApplyPatch', input: patch },
      { type: 'custom_tool_call_output', call_id: call.id, output: 'Done.' },
    ];
    expect(said((await ask({ ...body, input })).chunks)).toBe('Patched.');
    const whole = (await (await world().post('/v1/chat/completions', { ...body, stream: false })).json()) as {
      choices: OpenAI.ChatCompletion.Choice[];
    };
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ type: 'custom', custom: { name: 'ApplyPatch', input: patch } }] },
    });
  });

  it('a mixed body: messages with items of the Responses API, tools of every shape', async () => {
    const tools = [...plainBody('').tools, ...gptBody('').tools.slice(1), { name: 'other', input_schema: {} }];
    const messages = [
      ...plainBody(READ).messages,
      { type: 'reasoning', summary: [], encrypted_content: 'of another model' },
      { type: 'function_call', call_id: 'call_1', name: 'read_file', arguments: '{"path":"a.ts"}' },
      { type: 'function_call_output', call_id: 'call_1', output: '(nothing)' },
    ];
    const { chunks, response } = await ask({ ...plainBody(''), messages, tools });
    expect(said(chunks)).toBe('It is empty.');
    expect(response.headers.get('x-proxy-ignored')).toContain('messages[].type');
    expect(
      world()
        .arrived()[0]
        ?.tools?.map((tool) => 'name' in tool && tool.name),
    ).toEqual(['read_file', 'ApplyPatch', 'other']);
  });

  it('the check of the address, and an effort in the name', async () => {
    const { data } = await world().openai.models.list();
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['sonnet', 'opus(high)', 'opus(low)']));
    const body = { ...plainBody('[[text:well]]'), model: 'claude-opus-5-5(high)', reasoning_effort: 'low' };
    const { chunks, response } = await ask({ ...body, temperature: undefined });
    expect(said(chunks)).toBe('well');
    expect(response.headers.get('x-proxy-model')).toBe('claude-opus-5-5');
    expect(response.headers.get('x-proxy-ignored')).toBe('reasoning_effort');
    expect(world().arrived()[0]).toMatchObject({ model: 'claude-opus-5-5', output_config: { effort: 'high' } });
  });

  it('names the caller’s own field in an error', async () => {
    const body = claudeBody('q');
    const messages = [...body.messages, { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'none' }] }];
    const refused = await world().post('/v1/chat/completions', { ...body, messages });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { param: 'messages[2].content[0].tool_use_id' } },
    ]);
    const unknown = await world().post('/v1/chat/completions', { ...gptBody('q'), previous_response_id: 'resp_x' });
    expect([unknown.status, await unknown.json()]).toMatchObject([
      400,
      { error: { code: 'previous_response_not_found' } },
    ]);
  });
};
