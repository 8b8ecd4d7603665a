// Words as they come, by OpenAI's SDK.
import OpenAI from 'openai';

const question = process.argv[2] ?? 'Count to ten in words.';

const client = new OpenAI(); // OPENAI_BASE_URL, OPENAI_API_KEY
const stream = await client.chat.completions.create({
  model: 'sonnet',
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: question }],
});
for await (const { choices, usage } of stream) {
  process.stdout.write(choices[0]?.delta.content ?? '');
  if (usage) console.log(`\n(${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out)`);
}
