import OpenAI from 'openai';

const client = new OpenAI({ baseURL: 'http://127.0.0.1:42989/v1', apiKey: process.env.CLIENT_KEY });
const response = await client.responses.create({ model: 'sonnet', input: 'Hello' });
console.log(response.output_text);
