/** LangChain JS with both of its chat models that speak to this server. */
import { ChatAnthropic } from '@langchain/anthropic';
import {
  HumanMessage,
  SystemMessage,
  type AIMessage,
  type AIMessageChunk,
  type BaseMessage,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  apiKey,
  expectThreeSteps,
  fail,
  lastOf,
  leftUpstream,
  model,
  onEveryEngine,
  png,
  systemOf,
  thrownBy,
  threeSteps,
  unforcedModel,
  wordsOf,
  type World,
} from './support.ts';

// Where the clients are not installed, their types are errors for the linter.
// oxlint-disable-next-line typescript/no-redundant-type-constituents
type Chat = ChatOpenAI | ChatAnthropic;

interface Kind {
  readonly name: string;
  readonly connect: (world: World, key?: string) => Chat;
  /** With a model that cannot be forced to call a tool. */
  readonly unforced: (world: World) => Chat;
  readonly thinking: (world: World) => Chat;
  readonly thoughtsOf: (message: AIMessage) => unknown;
  readonly picture: object;
  /** What it makes of four streamed tokens: ChatAnthropic adds the one of `message_start`, with the API itself too. */
  readonly streamedTokens: number;
}

const url = `data:image/png;base64,${png}`;
const common = { model, maxRetries: 0 };
const unforcedOnes = { model: unforcedModel, maxRetries: 0, apiKey };

const kinds: readonly Kind[] = [
  {
    name: 'ChatOpenAI',
    connect: ({ server }, key = apiKey) =>
      new ChatOpenAI({ ...common, apiKey: key, configuration: { baseURL: `${server.url}/v1` } }),
    unforced: ({ server }) => new ChatOpenAI({ ...unforcedOnes, configuration: { baseURL: `${server.url}/v1` } }),
    thinking: ({ server }) =>
      new ChatOpenAI({
        ...common,
        apiKey,
        modelKwargs: { reasoning_effort: 'low' },
        configuration: { baseURL: `${server.url}/v1` },
      }),
    thoughtsOf: ({ additional_kwargs: { reasoning_content: thoughts } }) => thoughts,
    picture: { type: 'image_url', image_url: { url } },
    streamedTokens: 4,
  },
  {
    name: 'ChatOpenAI over the Responses API',
    connect: ({ server }, key = apiKey) =>
      new ChatOpenAI({ ...common, apiKey: key, useResponsesApi: true, configuration: { baseURL: `${server.url}/v1` } }),
    unforced: ({ server }) =>
      new ChatOpenAI({ ...unforcedOnes, useResponsesApi: true, configuration: { baseURL: `${server.url}/v1` } }),
    thinking: ({ server }) =>
      new ChatOpenAI({
        ...common,
        apiKey,
        useResponsesApi: true,
        modelKwargs: { reasoning: { effort: 'low', summary: 'auto' } },
        configuration: { baseURL: `${server.url}/v1` },
      }),
    thoughtsOf: ({ additional_kwargs: { reasoning } }) =>
      (reasoning as { summary: { text: string }[] } | undefined)?.summary.map(({ text }) => text).join(''),
    picture: { type: 'image_url', image_url: { url } },
    streamedTokens: 4,
  },
  {
    name: 'ChatAnthropic',
    connect: ({ server }, key = apiKey) => new ChatAnthropic({ ...common, apiKey: key, anthropicApiUrl: server.url }),
    unforced: ({ server }) => new ChatAnthropic({ ...unforcedOnes, anthropicApiUrl: server.url }),
    thinking: ({ server }) =>
      new ChatAnthropic({
        ...common,
        apiKey,
        anthropicApiUrl: server.url,
        maxTokens: 9_000,
        thinking: { type: 'enabled', budget_tokens: 4_096 },
      }),
    thoughtsOf: ({ content }) => (content as { thinking?: string }[]).map(({ thinking }) => thinking ?? '').join(''),
    picture: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    streamedTokens: 5,
  },
];

const sunny = (city: string) => `sunny in ${city}`;
const weather = tool(({ city }: { city: string }) => sunny(city), {
  name: 'get_weather',
  description: 'Weather of a city',
  schema: z.object({ city: z.string() }),
});
const gather = async (
  stream: AsyncIterable<AIMessageChunk>,
): Promise<{ chunks: readonly AIMessageChunk[]; whole: AIMessageChunk }> => {
  const chunks = await Array.fromAsync(stream);
  const [first, ...rest] = chunks;
  if (first === undefined) throw new Error('an empty stream');
  return { chunks, whole: rest.reduce((whole, chunk) => whole.concat(chunk), first) };
};

onEveryEngine('LangChain', (world) => {
  describe.each(kinds)('with $name', ({ connect, unforced, thinking, thoughtsOf, picture, streamedTokens }) => {
    it('gets an answer and its usage, and the upstream the system prompt and the prompt', async () => {
      const answer = await connect(world()).invoke([
        new SystemMessage('Be terse.'),
        new HumanMessage('[[text:Fine, thank you]] How are you?'),
      ]);
      expect(answer.text).toBe('Fine, thank you');
      expect(answer.usage_metadata).toMatchObject({ input_tokens: expect.any(Number), output_tokens: 3 });
      expect(world().arrived()).toHaveLength(1);
      expect(systemOf(world(), lastOf(world()))).toEqual(['Be terse.']);
      expect(wordsOf(lastOf(world()))).toEqual([['user', '[[text:Fine, thank you]] How are you?']]);
    });

    it('streams the same, piece by piece, with usage', async () => {
      const { chunks, whole } = await gather(await connect(world()).stream('[[text:jeden dva tři 🐎]]'));
      expect(chunks.filter(({ text }) => text !== '').length).toBeGreaterThan(2);
      expect(whole.text).toBe('jeden dva tři 🐎');
      expect(whole.usage_metadata).toMatchObject({ input_tokens: expect.any(Number), output_tokens: streamedTokens });
      expect(world().arrived()).toHaveLength(1);
    });

    it('continues a conversation, streamed and not in turns', async () => {
      const messages: BaseMessage[] = [new SystemMessage('Count.')];
      for (const [turn, word] of ['one', 'two', 'three'].entries()) {
        messages.push(new HumanMessage(`[[text:${word}!]]`));
        messages.push(
          turn % 2 === 0
            ? await connect(world()).invoke(messages)
            : (await gather(await connect(world()).stream(messages))).whole,
        );
      }
      expect(world().arrived()).toHaveLength(3);
      expect(wordsOf(lastOf(world()))).toEqual([
        ['user', '[[text:one!]]'],
        ['assistant', 'one!'],
        ['user', '[[text:two!]]'],
        ['assistant', 'two!'],
        ['user', '[[text:three!]]'],
      ]);
    });

    it.each(['invoked', 'streamed'])('carries a tool loop, %s: parallel calls, results, another step', async (how) => {
      const bound = connect(world()).bindTools([weather]);
      const messages: BaseMessage[] = [new HumanMessage(threeSteps)];
      const seen: unknown[] = [];
      for (;;) {
        const answer =
          how === 'invoked' ? await bound.invoke(messages) : (await gather(await bound.stream(messages))).whole;
        messages.push(answer);
        const { tool_calls: calls = [] } = answer;
        seen.push(calls.map(({ args }) => args));
        if (calls.length === 0) break;
        for (const call of calls) messages.push(await weather.invoke({ ...call, type: 'tool_call' }));
      }
      expect(messages.at(-1)?.text).toBe('All sunny');
      expect(seen).toEqual([[{ city: 'Prague' }, { city: 'Brno' }], [{ city: 'Oslo' }], []]);
      expectThreeSteps(world(), sunny);
    });

    it('forces a tool', async () => {
      const { tool_calls: calls } = await connect(world())
        .bindTools([weather], { tool_choice: 'get_weather' })
        .invoke('Weather?');
      expect(calls).toMatchObject([{ name: 'get_weather', args: { city: expect.any(String) } }]);
      expect(lastOf(world()).tool_choice).toMatchObject({ type: 'tool', name: 'get_weather' });
    });

    it('gets structured output by the format of the API', async () => {
      const schema = z.object({ city: z.string() });
      const answer = await connect(world())
        .withStructuredOutput(schema, { name: 'place', method: 'jsonSchema' })
        .invoke('Where?');
      expect(answer).toEqual({ city: expect.any(String) });
      expect(lastOf(world()).output_config?.format).toMatchObject({
        type: 'json_schema',
        schema: { properties: { city: { type: 'string' } }, required: ['city'] },
      });
    });

    it('gets structured output by a forced tool', async () => {
      const schema = z.object({ city: z.string() });
      const answer = await connect(world())
        .withStructuredOutput(schema, { name: 'place', method: 'functionCalling' })
        .invoke('Where?');
      expect(answer).toEqual({ city: expect.any(String) });
      expect(lastOf(world()).tool_choice).toMatchObject({ type: 'tool', name: 'place' });
    });

    it('gets structured output by a tool from a model that cannot be forced', async () => {
      const schema = z.object({ city: z.string() });
      const answer = await unforced(world())
        .withStructuredOutput(schema, { name: 'place', method: 'functionCalling' })
        .invoke('Where?');
      expect(answer).toEqual({ city: expect.any(String) });
      expect(lastOf(world()).output_config?.format).toMatchObject({ type: 'json_schema' });
    });

    it('sends pictures', async () => {
      await connect(world()).invoke([
        new HumanMessage({
          content: [{ type: 'text', text: 'What is this?' }, picture as { type: 'text'; text: string }],
        }),
      ]);
      expect(wordsOf(lastOf(world()))).toEqual([['user', 'What is this?', 'image']]);
      expect(JSON.stringify(lastOf(world()).messages)).toContain(
        JSON.stringify({ type: 'base64', media_type: 'image/png', data: png }),
      );
    });

    it.each(['invoked', 'streamed'])('gets thinking, %s', async (how) => {
      const chat = thinking(world());
      const prompt = '[[think:Let me see]] [[text:Yes]]';
      const answer = how === 'invoked' ? await chat.invoke(prompt) : (await gather(await chat.stream(prompt))).whole;
      expect([answer.text, thoughtsOf(answer)]).toEqual(['Yes', 'Let me see']);
      expect(lastOf(world()).thinking).toMatchObject({ type: 'enabled', budget_tokens: 4_096 });
    });

    it.each([
      ['a wrong key', { key: 'wrong' }, 401],
      ['a model the upstream does not have', {}, 404],
      ['a failure of the upstream', {}, 500],
      ['an overloaded upstream', {}, 529],
    ])('says what happened: %s', async (_what, { key }: { key?: string }, status) => {
      if (key === undefined) fail(world(), status);
      const error = await thrownBy(() => connect(world(), key).invoke('Hi'));
      expect(error).toMatchObject({ status, message: expect.stringMatching(/.{5}/), error: expect.anything() });
    });

    it('is told of a limit, and when to come back', async () => {
      fail(world(), 429);
      const error = (await thrownBy(() => connect(world()).invoke('Hi'))) as { headers: Headers };
      expect(error).toMatchObject({ status: 429, message: expect.stringContaining('rate limit') });
      if (world().engineName === 'anthropic-api') expect(error.headers.get('retry-after')).toBe('17');
    });

    it('hears of an error in mid-stream as an error, not as an end', async () => {
      const texts: string[] = [];
      const error = await thrownBy(async () => {
        for await (const chunk of await connect(world()).stream(
          '[[text:one two three four]] [[error-mid:overloaded_error after=2]]',
        ))
          texts.push(chunk.text);
      });
      expect(texts.join('')).toMatch(/^one/);
      expect(error).toMatchObject({ message: expect.stringMatching(/overloaded/i) });
    });

    it('leaves in mid-stream, and the upstream is left too', async () => {
      const leaving = new AbortController();
      const error = await thrownBy(async () => {
        for await (const chunk of await connect(world()).stream('[[text:one two three]] [[hang:2]]', {
          signal: leaving.signal,
        }))
          if (chunk.text !== '') leaving.abort();
      });
      expect(error).toMatchObject({ message: expect.stringMatching(/abort/i) });
      await leftUpstream(world());
      expect((await connect(world()).invoke('[[text:fine]]')).text).toBe('fine');
    });
  });
});

onEveryEngine('an endpoint that is not served', (world) => {
  it('fails at the first try', async () => {
    let asked = 0;
    const counting: typeof fetch = (...request) => {
      asked += 1;
      return fetch(...request);
    };
    const embeddings = new OpenAIEmbeddings({
      apiKey,
      configuration: { baseURL: `${world().server.url}/v1`, fetch: counting },
    });
    const error: unknown = await embeddings.embedQuery('x').catch((thrown: unknown) => thrown);
    expect([asked, error]).toMatchObject([1, { status: 404, message: expect.stringContaining('no embeddings') }]);
  });
});
