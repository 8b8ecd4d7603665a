/** Helpers of SDKs that run a tool loop by themselves: Anthropic's tool runner (with threads) and the OpenAI Agents SDK. */
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, tool } from '@openai/agents';
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  apiKey,
  citySchema,
  expectThreeSteps,
  lastOf,
  model,
  onEveryEngine,
  systemOf,
  thrownBy,
  threeSteps,
  wordsOf,
  type World,
} from './support.ts';

const sunny = (city: string) => `sunny in ${city}`;

onEveryEngine('the tool runner of the Anthropic SDK', (world) => {
  const weather = betaTool({
    name: 'get_weather',
    description: 'Weather of a city',
    inputSchema: citySchema,
    run: ({ city }) => sunny(city),
  });
  const request = {
    model,
    max_tokens: 500,
    system: 'Use tools.',
    tools: [weather],
    messages: [{ role: 'user' as const, content: threeSteps }],
  };
  const watched = (server: World['server'], threads: unknown[]) =>
    new Anthropic({
      baseURL: server.url,
      apiKey,
      maxRetries: 0,
      fetch: async (url, init) => {
        const { thread } = JSON.parse(init?.body as string) as { thread?: unknown };
        const response = await fetch(url, init);
        threads.push([thread, response.status]);
        return response;
      },
    });

  it.each([false, true])('is refused its thread, then sends everything itself (stream: %s)', async (stream) => {
    const threads: unknown[] = [];
    const runner = watched(world().server, threads).beta.messages.toolRunner({ ...request, stream });
    const final = await runner;
    expect(final.content).toMatchObject([{ type: 'text', text: 'All sunny' }]);
    expect(threads[0]).toEqual([{ type: 'create' }, 400]);
    expect(threads.slice(1)).toEqual([
      [undefined, 200],
      [undefined, 200],
      [undefined, 200],
    ]);
    expectThreeSteps(world(), sunny);
    expect(systemOf(world(), lastOf(world()))).toEqual(['Use tools.']);
  });
});

const models = [
  ['Chat Completions', OpenAIChatCompletionsModel],
  ['the Responses API', OpenAIResponsesModel],
] as const;

for (const [api, AgentModel] of models)
  onEveryEngine(`the OpenAI Agents SDK over ${api}`, (world) => {
    const weather = tool({
      name: 'get_weather',
      description: 'Weather of a city',
      parameters: z.object({ city: z.string() }),
      execute: ({ city }) => sunny(city),
    });
    const chat = (key = apiKey) =>
      new AgentModel(new OpenAI({ baseURL: `${world().server.url}/v1`, apiKey: key, maxRetries: 0 }), model);
    // Traces would go to OpenAI.
    const runner = new Runner({ tracingDisabled: true });

    it('runs an agent with tools over three steps', async () => {
      const agent = new Agent({ name: 'Clerk', instructions: 'Use tools.', tools: [weather], model: chat() });
      const { finalOutput, state } = await runner.run(agent, threeSteps);
      expect(finalOutput).toBe('All sunny');
      expect(state.usage.outputTokens).toBeGreaterThan(3);
      expectThreeSteps(world(), sunny);
      expect(systemOf(world(), lastOf(world()))).toEqual(['Use tools.']);
    });

    it('runs the same streamed', async () => {
      const agent = new Agent({ name: 'Clerk', instructions: 'Use tools.', tools: [weather], model: chat() });
      const result = await runner.run(agent, threeSteps, { stream: true });
      const types = new Set<string>();
      for await (const event of result) types.add(event.type);
      await result.completed;
      expect(result.finalOutput).toBe('All sunny');
      expect(types).toContain('raw_model_stream_event');
      expectThreeSteps(world(), sunny);
    });

    it('hands a conversation to another agent', async () => {
      const expert = new Agent({ name: 'Expert', instructions: 'You know better.', model: chat() });
      const clerk = Agent.create({ name: 'Clerk', instructions: 'Hand over.', handoffs: [expert], model: chat() });
      const result = await runner.run(clerk, '[[tool:transfer_to_Expert]] [[then]] [[text:Said the expert]]');
      expect([result.finalOutput, result.lastAgent?.name]).toEqual(['Said the expert', 'Expert']);
      expect(world().arrived()).toHaveLength(2);
      expect(systemOf(world(), lastOf(world()))).toEqual(['You know better.']);
      expect(wordsOf(lastOf(world())).map(([role, ...rest]) => [role, rest.at(-1)])).toEqual([
        ['user', expect.any(String)],
        ['assistant', 'tool_use'],
        ['user', 'tool_result'],
      ]);
    });

    it('asks another agent as it would a tool', async () => {
      const expert = new Agent({ name: 'Expert', instructions: 'You know better.', model: chat() });
      const asTool = expert.asTool({ toolName: 'ask_expert', toolDescription: 'Ask who knows' });
      const clerk = new Agent({ name: 'Clerk', instructions: 'Ask.', tools: [asTool], model: chat() });
      const result = await runner.run(
        clerk,
        '[[tool:ask_expert {"input":"[[text:Forty-two]] How many?"}]] [[then]] [[text:The expert has said it]]',
      );
      expect(result.finalOutput).toBe('The expert has said it');
      expect(world().arrived()).toHaveLength(3);
      expect(JSON.stringify(lastOf(world()).messages)).toContain('Forty-two');
    });

    it('gets the type of output it asks for', async () => {
      const agent = new Agent({ name: 'Clerk', outputType: z.object({ city: z.string() }), model: chat() });
      expect((await runner.run(agent, 'Where?')).finalOutput).toEqual({ city: expect.any(String) });
      expect(lastOf(world()).output_config?.format).toMatchObject({
        type: 'json_schema',
        schema: { required: ['city'] },
      });
    });

    it('says what happened', async () => {
      const error = await thrownBy(() => runner.run(new Agent({ name: 'Clerk', model: chat('wrong') }), 'Hi'));
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    });
  });
