// Claude's thinking and its answer, by Anthropic's SDK.
import Anthropic from '@anthropic-ai/sdk';

const question = process.argv[2] ?? 'How many primes are there below 100?';

const client = new Anthropic(); // ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY
const stream = client.messages.stream({
  model: 'claude-sonnet-4-6',
  max_tokens: 4096,
  thinking: { type: 'enabled', budget_tokens: 2048 },
  messages: [{ role: 'user', content: question }],
});
stream.on('text', (text) => process.stdout.write(text));
const { content, usage } = await stream.finalMessage();
const thinking = content.filter(({ type }) => type === 'thinking').map((block) => block.thinking);
console.log(`\n(thought: ${thinking.join(' ') || 'nothing'}; ${usage.output_tokens} tokens out)`);
