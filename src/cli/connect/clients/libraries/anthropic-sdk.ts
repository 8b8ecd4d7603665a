import { keyInShell, type Client, type Target } from '../../client.ts';
import { nodeKey, pythonKey } from './openai-sdk.ts';

export const anthropicSdk: Client = {
  id: 'anthropic-sdk',
  name: 'Anthropic SDK',
  documentation: 'https://github.com/anthropics/anthropic-sdk-typescript',
  detect: {},
  variants: (target) => [
    {
      id: 'shell',
      title: 'For programs that name no address',
      api: 'Messages',
      environment: { ANTHROPIC_BASE_URL: target.url, ANTHROPIC_API_KEY: keyInShell(target) },
    },
    { id: 'python', title: 'Python', api: 'Messages', code: { language: 'python', text: python(target) } },
    { id: 'node', title: 'Node', api: 'Messages', code: { language: 'js', text: node(target) } },
  ],
  tested: { how: 'run', version: 'Node 1.12.0, Python 2.12.0', date: '2026-11-24' },
};

const python = (
  target: Target,
): string => `${target.keyEnv === undefined ? '' : 'import os\n\n'}from anthropic import Anthropic

client = Anthropic(base_url="${target.url}", api_key=${pythonKey(target)})
message = client.messages.create(model="sonnet", max_tokens=1000, messages=[{"role": "user", "content": "Hello"}])
print(next(block.text for block in message.content if block.type == "text"))
`;

const node = (target: Target): string => `import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: '${target.url}', apiKey: ${nodeKey(target)} });
const messages = [{ role: 'user', content: 'Hello' }];
const message = await client.messages.create({ model: 'sonnet', max_tokens: 1000, messages });
console.log(message.content);
`;
