import type { Client, Target } from '../../client.ts';

/** The variants of a library that has a provider for each API. */
export const overBothApis =
  (openAi: (target: Target) => string, anthropic: (target: Target) => string): Client['variants'] =>
  (target) => [
    {
      id: 'openai',
      title: 'Over the OpenAI API',
      api: 'Chat Completions',
      code: { language: 'js', text: openAi(target) },
    },
    {
      id: 'anthropic',
      title: 'Over the Anthropic API',
      api: 'Messages',
      code: { language: 'js', text: anthropic(target) },
    },
  ];
