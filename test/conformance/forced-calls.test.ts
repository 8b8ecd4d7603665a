/** A tool call that must be made, on models that refuse to be forced: official clients, both engines, the real Claude Code. */
import { expect, it } from 'vitest';
import { onEveryEngine } from './set-up.ts';

const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, days: { type: 'integer' as const } },
  required: ['city', 'days'],
  additionalProperties: false,
};
const weather = { name: 'get_weather', description: 'Weather of a city', schema };
const time = { name: 'get_time', description: 'Time of a city', schema };
const fn = ({ name, description, schema: parameters }: typeof weather) => ({
  type: 'function' as const,
  function: { name, description, parameters },
});
const flat = ({ name, description, schema: parameters }: typeof weather) => ({
  type: 'function' as const,
  name,
  description,
  parameters,
  strict: false,
});
const tool = ({ name, description, schema: input_schema }: typeof weather) => ({ name, description, input_schema });

/** What the demo upstream makes of the schema. */
const sample = { city: expect.any(String) as string, days: expect.any(Number) as number };
const model = 'claude-sonnet-5-5';
const messages = [{ role: 'user' as const, content: 'How is Prague?' }];

onEveryEngine(
  'a forced call on a model that cannot be forced',
  (world) => {
    it('Chat Completions: named, told as emulated, and the loop goes on', async () => {
      const { openai, arrived } = world();
      const asked = {
        model,
        tools: [fn(weather), fn(time)],
        tool_choice: { type: 'function', function: { name: 'get_weather' } } as const,
        messages,
      };
      const { data, response } = await openai.chat.completions.create(asked).withResponse();
      const [choice] = data.choices;
      const [call] = choice?.message.tool_calls ?? [];
      if (call?.type !== 'function') throw new Error('no call');
      expect([choice?.finish_reason, choice?.message.content, call.function.name]).toEqual([
        'tool_calls',
        null,
        'get_weather',
      ]);
      expect(JSON.parse(call.function.arguments)).toEqual(sample);
      expect(response.headers.get('x-proxy-emulated')).toBe('tool_choice');
      expect(response.headers.get('x-proxy-ignored')).toBeNull();
      expect(arrived().at(-1)).toMatchObject({
        tool_choice: { type: 'none' },
        output_config: { format: { type: 'json_schema', schema: { properties: schema.properties } } },
      });

      const next = await openai.chat.completions.create({
        model,
        tools: asked.tools,
        messages: [
          ...messages,
          ...(choice === undefined ? [] : [choice.message]),
          { role: 'tool', tool_call_id: call.id, content: 'sunny' },
        ],
      });
      expect(next.choices[0]?.message.content).toContain('the tool answered: sunny');
    });

    it('Chat Completions: streamed, any of several', async () => {
      const stream = world().openai.chat.completions.stream({
        model,
        tools: [fn(weather), fn(time)],
        tool_choice: 'required',
        messages,
      });
      const [choice] = (await stream.finalChatCompletion()).choices;
      const [call] = choice?.message.tool_calls ?? [];
      expect(choice?.finish_reason).toBe('tool_calls');
      expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
      expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toEqual(sample);
    });

    it.each([false, true])('Messages, exactly named (stream: %s)', async (streamed) => {
      const { anthropic } = world();
      const asked = {
        model,
        max_tokens: 1_000,
        tools: [tool(weather), tool(time)],
        tool_choice: { type: 'tool', name: 'get_time' } as const,
        messages,
      };
      const message = streamed
        ? await anthropic.messages.stream(asked).finalMessage()
        : await anthropic.messages.create(asked);
      expect(message).toMatchObject({
        stop_reason: 'tool_use',
        content: [{ type: 'tool_use', name: 'get_time', id: expect.stringMatching(/^toolu_/u), input: sample }],
      });
      const { input_tokens: tokens } = await anthropic.messages.countTokens({
        model,
        tools: asked.tools,
        tool_choice: asked.tool_choice,
        messages,
      });
      expect(tokens).toBeGreaterThan(0);
    });

    it.each([false, true])('Responses (stream: %s)', async (streamed) => {
      const { openai } = world();
      const asked = {
        model,
        input: 'How is Prague?',
        tools: [flat(weather), flat(time)],
        tool_choice: 'required',
      } as const;
      const body = { ...asked, tools: [...asked.tools] };
      const response = streamed
        ? await openai.responses.stream(body).finalResponse()
        : await openai.responses.create(body);
      const call = response.output.map((item) => (item.type === 'function_call' ? item : undefined)).find(Boolean);
      expect([response.status, call?.name]).toEqual(['completed', 'get_weather']);
      expect(JSON.parse(call?.arguments ?? '')).toEqual(sample);
    });

    it('an answer in words stays one', async () => {
      world().upstream.enqueue({ content: [{ type: 'text', text: 'I will not.' }], stopReason: 'refusal' });
      const { choices } = await world().openai.chat.completions.create({
        model,
        tools: [fn(weather)],
        tool_choice: 'required',
        messages,
      });
      expect(choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { content: 'I will not.' } });
    });
  },
  { HEADER_WAIT_MS: '15000' },
);
