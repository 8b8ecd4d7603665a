/** What becomes of the shapes of other APIs that agents mix into Chat Completions requests. */
import type { Parameter } from '../parameters.ts';

export const shapeParameters: readonly Parameter[] = [
  {
    name: 'input',
    fate: 'applied',
    note:
      'A body of the Responses API, without messages, as Cursor sends it: its own table below counts; the ' +
      'answer is a chat completion.',
    cases: [{ fate: 'ignored', when: 'there are `messages` too, which count' }],
  },
  {
    name: 'include',
    fate: 'applied',
    note: 'Of a body of the Responses API.',
    cases: [{ fate: 'ignored', when: 'it asks for encrypted reasoning, which a chat completion has no place for' }],
  },
  {
    name: 'system',
    fate: 'applied',
    note: 'Anthropic’s place for it: before the system messages.',
  },
  {
    name: 'messages[].type',
    fate: 'applied',
    note: 'Items of the Responses API among the messages: `function_call`, `custom_tool_call` and their outputs.',
    cases: [{ fate: 'ignored', when: 'an item of another type, such as `reasoning`: it is left out' }],
  },
  {
    name: 'messages[].content[].tool_use_id',
    fate: 'applied',
    note: 'Blocks of the Messages API: `tool_use` of the assistant, `tool_result` with `is_error` of the user.',
  },
  {
    name: 'messages[].content[].thinking',
    fate: 'ignored',
    silent: true,
    note: 'As `reasoning_content`; the same for `redacted_thinking`.',
  },
  {
    name: 'messages[].content[].source',
    fate: 'applied',
    note: 'An image as the Messages API has it; `input_image` of the Responses API too.',
  },
  {
    name: 'tools[].custom',
    fate: 'emulated',
    note:
      'Offered as a function with one string, a grammar behind its description; calls come back as `{type: ' +
      '"custom", custom: {name, input}}` with the raw text. The grammar is not enforced.',
  },
  {
    name: 'tools[].input_schema',
    fate: 'applied',
    note: 'A tool as the Messages API has it, without a type: `name`, `description`, `input_schema`.',
  },
  {
    name: 'tools[].name',
    fate: 'applied',
    note: 'A function or custom tool as the Responses API has it, without the object `function` or `custom`.',
  },
];
