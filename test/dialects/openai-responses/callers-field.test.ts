import { expect, test } from 'vitest';
import { withCallersField } from '../../../src/dialects/callers-field.ts';
import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { TurnError } from '../../../src/turn/errors.ts';
import { call, parse } from './support.ts';

const png = { type: 'input_image', image_url: 'data:image/png;base64,AA==' };
const pdf = { type: 'input_file', file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' };
const body = {
  instructions: 'i',
  max_output_tokens: 100,
  reasoning: { effort: 'low' },
  user: 'u',
  text: {
    format: { type: 'json_schema', name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } },
  },
  tools: [
    { type: 'function', name: 'f', parameters: { type: 'object', properties: {} } },
    { type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'g' }] },
  ],
  input: [
    { role: 'developer', content: 'd' },
    { role: 'user', content: [{ type: 'input_text', text: ' ' }, png, pdf] },
    { role: 'assistant', content: 'calls' },
    call('a'),
    { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'r' }, png] },
    { role: 'user', content: 'last' },
  ],
};

const told = (message: string) =>
  withCallersField(new TurnError('upstream_invalid_request', message), parse(body).callersField);

test.each([
  ['system.0.text', 'instructions'],
  ['system.1.text', 'input[0].content'],
  ['messages.0.content.0.image.source.base64.data', 'input[1].content[1].image_url'],
  ['messages.0.content.1.document.source.base64', 'input[1].content[2].file_data'],
  ['messages.1.content.0.text', 'input[2].content'],
  ['messages.1.content.1.tool_use.input', 'input[3].arguments'],
  ['messages.1.content.1.tool_use.id', 'input[3].call_id'],
  ['messages.2.content.0.tool_result.content', 'input[4].output'],
  ['messages.2.content.0.tool_result.content.1.image.source.base64', 'input[4].output[1].image_url'],
  ['messages.3.content.0.text', 'input[5].content'],
  ['messages.9', 'input'],
  ['tools.0.custom.input_schema', 'tools[0].parameters'],
  ['tools.1.custom.input_schema', 'tools[1]'],
  ['output_config.format.schema', 'text.format.schema'],
  ['max_tokens', 'max_output_tokens'],
  ['thinking.enabled.budget_tokens', 'reasoning.effort'],
  ['metadata.user_id', 'user'],
])('an error of the API about %s names %s', (place, param) => {
  expect(told(`${place}: is not right`)).toMatchObject({
    param,
    message: `Invalid value for '${param}': is not right`,
  });
});

test('a picture that the API refuses is named so that Codex leaves it out', () => {
  const error = told('messages.0.content.0.image.source.base64: Could not process image');
  expect(openAiResponses.renderError(error, 'req_1').body).toMatchObject({
    error: { code: 'invalid_value', param: 'input[1].content[1].image_url' },
  });
});

test('what the caller did not write is not named', () => {
  expect(told('prompt is too long').param).toBeUndefined();
  expect(told('context_management: no').param).toBeUndefined();
});
