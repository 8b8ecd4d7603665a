import { openAiBase, type Client, type Target } from '../../client.ts';
import { nodeKey } from './openai-sdk.ts';
import { overBothApis } from './over-both-apis.ts';

const openAi = (target: Target): string => `import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';

const openai = createOpenAI({ baseURL: '${openAiBase(target)}', apiKey: ${nodeKey(target)} });
const { text } = await generateText({ model: openai.chat('sonnet'), prompt: 'Hello' });
console.log(text);
`;

const anthropic = (target: Target): string => `import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText } from 'ai';

const anthropic = createAnthropic({ baseURL: '${openAiBase(target)}', apiKey: ${nodeKey(target)} });
const { text } = await generateText({ model: anthropic('sonnet'), prompt: 'Hello' });
console.log(text);
`;

export const aiSdk: Client = {
  id: 'ai-sdk',
  name: 'AI SDK',
  documentation: 'https://ai-sdk.dev/providers/ai-sdk-providers/anthropic',
  detect: {},
  variants: overBothApis(openAi, anthropic),
  notes: [
    '`.chat(…)` is the API that most programs mean; a model without it speaks the Responses API, at the same address.',
  ],
  tested: { how: 'run', version: '7.0.173', date: '2026-11-24' },
};
