import { openAiBase, type Client, type Target } from '../../client.ts';
import { nodeKey } from './openai-sdk.ts';
import { overBothApis } from './over-both-apis.ts';

const openAi = (target: Target): string => `import { ChatOpenAI } from '@langchain/openai';

const configuration = { baseURL: '${openAiBase(target)}' };
const chat = new ChatOpenAI({ model: 'sonnet', apiKey: ${nodeKey(target)}, configuration });
console.log((await chat.invoke('Hello')).text);
`;

const anthropic = (target: Target): string => `import { ChatAnthropic } from '@langchain/anthropic';

const chat = new ChatAnthropic({ model: 'sonnet', apiKey: ${nodeKey(target)}, anthropicApiUrl: '${target.url}' });
console.log((await chat.invoke('Hello')).text);
`;

export const langChain: Client = {
  id: 'langchain',
  name: 'LangChain',
  documentation: 'https://docs.langchain.com/oss/javascript/integrations/chat/openai',
  detect: {},
  variants: overBothApis(openAi, anthropic),
  notes: [
    'With `useResponsesApi: true` ChatOpenAI speaks the Responses API, at the same address.',
    'In Python: `ChatOpenAI(base_url=…, api_key=…)`, `ChatAnthropic(base_url=…, api_key=…)`.',
  ],
  tested: { how: 'run', version: 'openai 1.6.0, anthropic 1.5.11', date: '2026-11-24' },
};
