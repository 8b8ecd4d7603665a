// An answer in the shape of a JSON schema, by OpenAI's SDK.
import OpenAI from 'openai';

const text = process.argv[2] ?? 'Meet Jana on Friday at ten in the library.';

const schema = {
  type: 'object',
  properties: {
    who: { type: 'string' },
    where: { type: 'string' },
    weekday: { enum: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] },
  },
  required: ['who', 'where', 'weekday'],
  additionalProperties: false,
};

const client = new OpenAI(); // OPENAI_BASE_URL, OPENAI_API_KEY
const answer = await client.chat.completions.create({
  model: 'sonnet',
  messages: [{ role: 'user', content: `Take the appointment out of this text: ${text}` }],
  response_format: { type: 'json_schema', json_schema: { name: 'appointment', strict: true, schema } },
});
console.log(JSON.parse(answer.choices[0].message.content));
