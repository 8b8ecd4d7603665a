/** The Vercel AI SDK with each of its providers that speak to this server. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenResponses } from '@ai-sdk/open-responses';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  embed,
  generateText,
  isStepCount,
  jsonSchema,
  Output,
  streamText,
  tool,
  type LanguageModel,
  type ModelMessage,
} from 'ai';
import { describe, expect, it } from 'vitest';
import {
  apiKey,
  citySchema,
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

interface Provider {
  readonly name: string;
  readonly connect: (world: World, key?: string, id?: string) => LanguageModel;
  /** How this provider asks for thinking, and whether it shows it. */
  readonly thinking: {
    readonly options: NonNullable<Parameters<typeof generateText>[0]['providerOptions']>;
    readonly shown: boolean;
  };
  /** What it tells of a limit. `@ai-sdk/open-responses` reads only errors with a `param`, and shows the status instead. */
  readonly limitWords?: string;
}

const providers: readonly Provider[] = [
  {
    name: '@ai-sdk/openai-compatible',
    connect: ({ server }, key = apiKey, id = model) =>
      createOpenAICompatible({
        name: 'claude',
        baseURL: `${server.url}/v1`,
        apiKey: key,
        includeUsage: true,
        supportsStructuredOutputs: true,
      })(id),
    thinking: { options: { claude: { reasoningEffort: 'low' } }, shown: true },
  },
  {
    name: '@ai-sdk/openai',
    connect: ({ server }, key = apiKey, id = model) =>
      createOpenAI({ baseURL: `${server.url}/v1`, apiKey: key }).chat(id),
    thinking: { options: { openai: { reasoningEffort: 'low' } }, shown: false },
  },
  {
    name: '@ai-sdk/openai, over the Responses API',
    connect: ({ server }, key = apiKey, id = model) => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: key })(id),
    thinking: {
      options: { openai: { reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true } },
      shown: true,
    },
  },
  {
    name: '@ai-sdk/open-responses',
    connect: ({ server }, key = apiKey, id = model) =>
      createOpenResponses({ name: 'claude', url: `${server.url}/v1/responses`, apiKey: key })(id),
    thinking: { options: { claude: { reasoningEffort: 'low', reasoningSummary: 'auto' } }, shown: true },
    limitWords: 'Too Many Requests',
  },
  {
    name: '@ai-sdk/anthropic',
    connect: ({ server }, key = apiKey, id = model) =>
      createAnthropic({ baseURL: `${server.url}/v1`, apiKey: key })(id),
    thinking: { options: { anthropic: { thinking: { type: 'enabled', budgetTokens: 4_096 } } }, shown: true },
  },
];

const sunny = (city: string) => `sunny in ${city}`;
const tools = {
  get_weather: tool({
    description: 'Weather of a city',
    inputSchema: jsonSchema<{ city: string }>(citySchema),
    execute: async ({ city }: { city: string }) => sunny(city),
  }),
};

onEveryEngine('the AI SDK', (world) => {
  describe.each(providers)('with $name', ({ name, connect, thinking, limitWords = 'rate limit' }) => {
    it('gets an answer and its usage, and the upstream the system prompt and the prompt', async () => {
      const result = await generateText({
        model: connect(world()),
        instructions: 'Be terse.',
        prompt: '[[text:Fine, thank you]] How are you?',
      });
      expect([result.text, result.finishReason]).toEqual(['Fine, thank you', 'stop']);
      expect(result.response.modelId).toBe(model);
      expect(result.usage.outputTokens).toBe(3);
      expect(result.usage.inputTokens).toBeGreaterThan(0);
      expect(world().arrived()).toHaveLength(1);
      expect(systemOf(world(), lastOf(world()))).toEqual(['Be terse.']);
      expect(wordsOf(lastOf(world()))).toEqual([['user', '[[text:Fine, thank you]] How are you?']]);
    });

    it('streams the same, piece by piece, with usage', async () => {
      const result = streamText({ model: connect(world()), prompt: '[[text:jeden dva tři 🐎]]' });
      const pieces = await Array.fromAsync(result.textStream);
      expect(pieces.length).toBeGreaterThan(2);
      expect(pieces.join('')).toBe('jeden dva tři 🐎');
      expect([await result.finishReason, (await result.usage).outputTokens]).toEqual(['stop', 4]);
      expect(world().arrived()).toHaveLength(1);
    });

    it('continues a conversation, streamed and not in turns', async () => {
      const messages: ModelMessage[] = [];
      for (const [turn, word] of ['one', 'two', 'three'].entries()) {
        messages.push({ role: 'user', content: `[[text:${word}!]]` });
        const request = { model: connect(world()), instructions: 'Count.', messages };
        const response = turn % 2 === 0 ? (await generateText(request)).response : await streamText(request).response;
        messages.push(...response.messages);
      }
      expect(world().arrived()).toHaveLength(3);
      expect(systemOf(world(), lastOf(world()))).toEqual(['Count.']);
      expect(wordsOf(lastOf(world()))).toEqual([
        ['user', '[[text:one!]]'],
        ['assistant', 'one!'],
        ['user', '[[text:two!]]'],
        ['assistant', 'two!'],
        ['user', '[[text:three!]]'],
      ]);
    });

    it.each(['generated', 'streamed'])(
      'runs its own tool loop, %s: parallel calls, results, another step',
      async (how) => {
        const request = { model: connect(world()), prompt: threeSteps, tools, stopWhen: isStepCount(5) };
        const result = how === 'streamed' ? streamText(request) : await generateText(request);
        expect(await result.text).toBe('All sunny');
        const steps = await result.steps;
        expect(steps.map((step) => step.toolCalls.map(({ input }) => input))).toEqual([
          [{ city: 'Prague' }, { city: 'Brno' }],
          [{ city: 'Oslo' }],
          [],
        ]);
        expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'tool-calls', 'stop']);
        expectThreeSteps(world(), sunny);
      },
    );

    it('forces a tool', async () => {
      const result = await generateText({
        model: connect(world()),
        prompt: 'Weather?',
        tools,
        toolChoice: { type: 'tool', toolName: 'get_weather' },
      });
      expect(result.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: expect.any(String) } }]);
      expect(lastOf(world()).tool_choice).toMatchObject({ type: 'tool', name: 'get_weather' });
    });

    // `@ai-sdk/anthropic` knows such models and asks with `auto` itself.
    const forces = name !== '@ai-sdk/anthropic';
    it.runIf(forces).each(['generated', 'streamed'])('forces a tool on a model that cannot be, %s', async (how) => {
      const request = {
        model: connect(world(), apiKey, unforcedModel),
        prompt: 'Weather?',
        tools,
        toolChoice: { type: 'tool', toolName: 'get_weather' },
      } as const;
      const calls = how === 'generated' ? (await generateText(request)).toolCalls : await streamText(request).toolCalls;
      expect(calls).toMatchObject([{ toolName: 'get_weather', input: { city: expect.any(String) } }]);
      expect(lastOf(world()).output_config?.format).toMatchObject({ type: 'json_schema' });
    });

    it.each(['generated', 'streamed'])('gets structured output, %s', async (how) => {
      const request = {
        model: connect(world()),
        prompt: 'Where?',
        output: Output.object({ schema: jsonSchema<{ city: string }>(citySchema) }),
      };
      expect(await (how === 'streamed' ? streamText(request) : await generateText(request)).output).toEqual({
        city: expect.any(String),
      });
      expect(lastOf(world()).output_config?.format).toMatchObject({
        type: 'json_schema',
        schema: { properties: citySchema.properties, required: ['city'] },
      });
    });

    it('sends pictures', async () => {
      const content = [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'file' as const, mediaType: 'image/png', data: `data:image/png;base64,${png}` },
      ];
      await generateText({ model: connect(world()), messages: [{ role: 'user', content }] });
      expect(wordsOf(lastOf(world()))).toEqual([['user', 'What is this?', 'image']]);
      expect(JSON.stringify(lastOf(world()).messages)).toContain(
        JSON.stringify({ type: 'base64', media_type: 'image/png', data: png }),
      );
    });

    it.each(['generated', 'streamed'])('gets thinking, %s', async (how) => {
      const request = {
        model: connect(world()),
        prompt: '[[think:Let me see]] [[text:Yes]]',
        providerOptions: thinking.options,
        maxOutputTokens: 9_000,
      };
      const result = how === 'streamed' ? streamText(request) : await generateText(request);
      expect(await result.text).toBe('Yes');
      expect((await result.finalStep).reasoningText).toBe(thinking.shown ? 'Let me see' : undefined);
      expect(lastOf(world()).thinking).toMatchObject({ type: 'enabled', budget_tokens: 4_096 });
    });

    it.each([
      ['a wrong key', { key: 'wrong' }, 401, false],
      ['a model the upstream does not have', {}, 404, false],
      ['a failure of the upstream', {}, 500, true],
      ['an overloaded upstream', {}, 529, true],
    ])('says what happened: %s', async (_what, { key }: { key?: string }, status, isRetryable) => {
      if (key === undefined) fail(world(), status);
      const error = await thrownBy(() => generateText({ model: connect(world(), key), prompt: 'Hi', maxRetries: 0 }));
      expect(APICallError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ statusCode: status, isRetryable, message: expect.stringMatching(/.{5}/) });
    });

    it('is told of a limit, and when to come back', async () => {
      fail(world(), 429);
      const error = await thrownBy(() => generateText({ model: connect(world()), prompt: 'Hi', maxRetries: 0 }));
      expect(error).toMatchObject({
        statusCode: 429,
        isRetryable: true,
        message: expect.stringContaining(limitWords),
      });
      if (world().engineName === 'anthropic-api')
        expect(error).toMatchObject({ responseHeaders: { 'retry-after': '17' } });
    });

    it.each(['overloaded_error', 'api_error'])(
      'hears of an %s in mid-stream as an error, not as an end',
      async (type) => {
        const prompt = `[[text:one two three four]] [[error-mid:${type} after=2]]`;
        const result = streamText({ model: connect(world()), prompt, maxRetries: 0, onError: () => undefined });
        const parts = await Array.fromAsync(result.stream);
        expect(parts.filter((part) => part.type === 'text-delta').length).toBeGreaterThan(0);
        expect(parts.some((part) => part.type === 'error')).toBe(true);
        expect(parts.some((part) => part.type === 'finish-step' && part.finishReason === 'stop')).toBe(false);
      },
    );

    it('leaves in mid-stream, and the upstream is left too', async () => {
      const leaving = new AbortController();
      const result = streamText({
        model: connect(world()),
        prompt: '[[text:one two three]] [[hang:2]]',
        abortSignal: leaving.signal,
      });
      const types: string[] = [];
      for await (const part of result.stream) {
        types.push(part.type);
        if (part.type === 'text-delta') leaving.abort();
      }
      expect(types.at(-1)).toBe('abort');
      await leftUpstream(world());
      expect((await generateText({ model: connect(world()), prompt: '[[text:fine]]' })).text).toBe('fine');
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
    const openai = createOpenAI({ baseURL: `${world().server.url}/v1`, apiKey, fetch: counting });
    const error = await embed({ model: openai.embedding('text-embedding-3-small'), value: 'x' }).catch(thrown);
    expect([asked, error]).toMatchObject([1, { statusCode: 404, message: expect.stringContaining('no embeddings') }]);
  });
});

const thrown = (error: unknown): unknown => error;
