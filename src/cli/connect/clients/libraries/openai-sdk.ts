import { keyInShell, openAiBase, type Client, type Target } from '../../client.ts';

export const openAiSdk: Client = {
  id: 'openai-sdk',
  name: 'OpenAI SDK',
  documentation: 'https://github.com/openai/openai-node',
  detect: {},
  variants: (target) => [
    {
      id: 'shell',
      title: 'For programs that name no address',
      api: 'Chat Completions',
      environment: { OPENAI_BASE_URL: openAiBase(target), OPENAI_API_KEY: keyInShell(target) },
    },
    { id: 'python', title: 'Python', api: 'Chat Completions', code: { language: 'python', text: python(target) } },
    { id: 'node', title: 'Node', api: 'Chat Completions', code: { language: 'js', text: node(target) } },
    {
      id: 'responses',
      title: 'Node, Responses API',
      api: 'Responses',
      code: { language: 'js', text: responses(target) },
    },
  ],
  notes: ['The same variables serve the OpenAI Agents SDK, instructor and LlamaIndex.'],
  tested: { how: 'run', version: 'Node 7.57.0, Python 3.54.0', date: '2026-11-24' },
};

const python = (
  target: Target,
): string => `${target.keyEnv === undefined ? '' : 'import os\n\n'}from openai import OpenAI

client = OpenAI(base_url="${openAiBase(target)}", api_key=${pythonKey(target)})
answer = client.chat.completions.create(model="sonnet", messages=[{"role": "user", "content": "Hello"}])
print(answer.choices[0].message.content)
`;

const node = (target: Target): string => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${openAiBase(target)}', apiKey: ${nodeKey(target)} });
const messages = [{ role: 'user', content: 'Hello' }];
const stream = await client.chat.completions.create({ model: 'sonnet', stream: true, messages });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
`;

const responses = (target: Target): string => `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${openAiBase(target)}', apiKey: ${nodeKey(target)} });
const response = await client.responses.create({ model: 'sonnet', input: 'Hello' });
console.log(response.output_text);
`;

export const pythonKey = ({ keyEnv }: Target): string => (keyEnv === undefined ? '"any"' : `os.environ["${keyEnv}"]`);
export const nodeKey = ({ keyEnv }: Target): string => (keyEnv === undefined ? "'any'" : `process.env.${keyEnv}`);
