/**
 * What becomes of every parameter of `/v1/chat/completions`. Read by the parser, the report and docs/COMPATIBILITY.md.
 */
import { MOST_MESSAGES, MOST_TOOLS } from '../bounds.ts';
import { FORCED_CASES } from '../forced-call.ts';
import { commonParameters, OWN_METADATA, STRICT_TOOL } from '../openai/common-parameters.ts';
import { shapeParameters } from './shape-parameters.ts';
import { unmatchedParameters } from './unmatched-parameters.ts';
import type { Parameter, ParameterCase } from '../parameters.ts';

const AS_EFFORT: readonly ParameterCase[] = [
  { fate: 'emulated', when: 'as for `reasoning_effort`' },
  { fate: 'ignored', when: 'as for `reasoning_effort`' },
];

/** Where clients put `cache_control`, which only Anthropic's API knows. */
export const CACHE_CONTROLS = [
  'messages[].cache_control',
  'messages[].content[].cache_control',
  'messages[].tool_calls[].cache_control',
  'tools[].cache_control',
];

export const chatParameters: readonly Parameter[] = [
  ...commonParameters,
  {
    name: 'messages',
    fate: 'applied',
    note:
      'All roles, content as text or parts. Leading system and developer messages become system blocks, later ' +
      'ones stay in their place where the model takes them. ' +
      'Text without a visible character is left out: the API refuses it. Tool ids the API would refuse are ' +
      'mapped, the same way every time.',
    cases: [
      { fate: 'refused', when: `there are more than ${MOST_MESSAGES}` },
      {
        fate: 'emulated',
        when:
          'a later system or developer message and a model that takes none (before 4.8), or not in that place ' +
          '(only behind the user’s and before the assistant’s or the end): ' +
          'it becomes text of the user, in `<system-reminder>`',
      },
      {
        fate: 'emulated',
        lacks: 'systemMessages',
        when:
          'a later system or developer message: it becomes text of the user, in `<system-reminder>`, for ' +
          'every model',
      },
      {
        fate: 'emulated',
        when:
          'the last message is the assistant’s: Claude continues it instead of answering anew, without the ' +
          'white space at its end',
      },
      {
        fate: 'emulated',
        when: 'there are only system messages: the last one is sent as the user’s, since Claude needs one to answer',
      },
      { fate: 'refused', when: 'the last message is the assistant’s and the model or the engine cannot continue it' },
    ],
  },
  {
    name: 'messages[].name',
    fate: 'applied',
    note: 'On tool messages it repeats the name of the call.',
    cases: [
      {
        fate: 'ignored',
        when: 'on any other message: Claude knows roles, not names, and no text is invented to carry them',
      },
    ],
  },
  {
    name: 'messages[].tool_calls',
    fate: 'applied',
    note: 'Arguments are a JSON object; an empty string is `{}`.',
    cases: [
      {
        fate: 'emulated',
        when:
          'arguments that are no JSON object, such as those of a call that was cut at the limit: Claude gets their ' +
          'text as `{"INVALID_JSON": …}`',
      },
    ],
  },
  {
    name: 'messages[].function_call',
    fate: 'applied',
    note: 'The legacy form; its result is the next message of role `function`.',
  },
  { name: 'messages[].refusal', fate: 'applied', note: 'Becomes text of the assistant.' },
  {
    name: 'messages[].reasoning_content',
    fate: 'ignored',
    silent: true,
    note:
      'Accepted back, not passed on: thinking without its signature cannot be given to Claude again. Not ' +
      'reported, since every client that shows reasoning sends it.',
  },
  { name: 'messages[].audio', fate: 'refused', note: 'Claude does not take audio.' },
  { name: 'messages[].content[].text', fate: 'applied', note: 'One block for each part.' },
  {
    name: 'messages[].content[].image_url',
    fate: 'applied',
    note: 'PNG, JPEG, GIF, WebP as a data URL; http(s) URLs are fetched by the API. Also in tool messages.',
  },
  {
    name: 'messages[].content[].image_url.detail',
    fate: 'ignored',
    neutral: ['auto'],
    note: 'Claude has one resolution.',
  },
  {
    name: 'messages[].content[].file.file_data',
    fate: 'applied',
    note: 'A PDF, text or JSON file as a data URL; `filename` becomes its title.',
  },
  {
    name: 'messages[].content[].file.file_id',
    fate: 'refused',
    note: 'This server keeps no files; send the file itself in file_data.',
  },
  {
    name: 'messages[].content[].prompt_cache_breakpoint',
    fate: 'ignored',
    note: 'Claude’s cache goes by `cache_control`, which may be sent instead.',
  },
  { name: 'messages[].content[].input_audio', fate: 'refused', note: 'Claude does not take audio.' },
  ...CACHE_CONTROLS.map((name): Parameter => ({
    name,
    fate: 'emulated',
    silent: true,
    note:
      'Not an OpenAI parameter; some clients send it for Claude. Engine `anthropic-api`: one breakpoint at ' +
      'the end of the request; `claude-code`: Claude Code sets its own. Not reported: such clients always send it.',
  })),
  {
    name: 'max_completion_tokens',
    fate: 'applied',
    note: 'As `max_tokens`, and wins over it.',
    cases: [{ fate: 'emulated', when: 'above the model’s maximum: the maximum is used' }],
  },
  {
    name: 'tools',
    fate: 'applied',
    note: 'Functions; names, descriptions and schemas are passed on unchanged, a missing schema is an empty object.',
    cases: [
      { fate: 'refused', when: `there are more than ${MOST_TOOLS}` },
      { fate: 'ignored', when: 'a tool of another type: it is left out, and reported as `tools[0]`' },
    ],
  },
  { name: 'tools[].function.strict', ...STRICT_TOOL },
  {
    name: 'tool_choice',
    fate: 'applied',
    note:
      '`auto`, `none`, `required`, a named function or custom tool, `allowed_tools` (the other tools are then ' +
      'not offered); Anthropic’s `any` and `tool` too.',
    cases: [...FORCED_CASES, { fate: 'refused', when: 'it names a tool that is not offered' }],
  },
  { name: 'parallel_tool_calls', fate: 'applied', note: '`false` becomes `disable_parallel_tool_use`.' },
  {
    name: 'functions',
    fate: 'applied',
    note: 'The legacy form of `tools`; the answer then has `function_call`, one at a time.',
  },
  {
    name: 'function_call',
    fate: 'applied',
    note: 'The legacy form of `tool_choice`.',
    cases: FORCED_CASES,
  },
  {
    name: 'response_format',
    fate: 'applied',
    neutral: [{ type: 'text' }],
    note: '`json_schema` is enforced by the API’s structured output; the answer is checked to be JSON.',
    cases: [
      { fate: 'emulated', when: '`json_object`: the API has no such mode; one system block asks for a JSON object' },
      {
        fate: 'emulated',
        when:
          'the schema uses keywords that the API cannot enforce (`minLength`, `minimum`, `pattern`, `oneOf`, ' +
          '`maxItems`, …): they move into the description, ' +
          'as in Anthropic’s SDK, `oneOf` becomes `anyOf`, and objects are closed (`additionalProperties: false`)',
      },
      {
        fate: 'refused',
        when: 'the schema is recursive, has parts without a type, or has objects with free property names',
      },
    ],
  },
  {
    name: 'response_format.schema',
    fate: 'applied',
    note: 'A schema beside `json_object`, as some clients send it: as `json_schema`.',
  },
  {
    name: 'response_format.json_schema.description',
    fate: 'applied',
    neutral: [''],
    note: 'Becomes the description of the schema.',
    cases: [
      { fate: 'ignored', when: 'the schema has a description of its own' },
      { fate: 'ignored', when: 'there is no schema' },
    ],
  },
  {
    name: 'reasoning_effort',
    fate: 'applied',
    note:
      'Models with effort levels: adaptive thinking with `output_config.effort`. Models with budgets: minimal ' +
      '1,024, low 4,096, medium 8,192, high 16,384, xhigh 31,999, ' +
      'max 63,999 tokens of thinking. `none` turns thinking off. Absent: the model’s own default; see “Effort” ' +
      'below for the engine `claude-code`.',
    cases: [
      { fate: 'emulated', when: 'the model lacks the level: the next lower one is used; `minimal` is `low`' },
      { fate: 'emulated', when: 'the budget exceeds three quarters of max_tokens: it is cut to that' },
      {
        fate: 'emulated',
        when: '`none`, and the model always thinks: Sonnet 5.5 `between_tools` only, others with their lowest effort',
      },
      { fate: 'emulated', when: 'a tool is forced on a model with effort levels: the level is set, without thinking' },
      { fate: 'ignored', when: 'max_tokens is below 1,366 on a model with budgets' },
      { fate: 'ignored', when: 'a tool is forced on a model with budgets' },
      {
        fate: 'ignored',
        when: 'a model with budgets is inside a tool loop whose results no process waits for any more',
      },
      {
        fate: 'ignored',
        lacks: 'keepsThinking',
        when: 'a model with budgets is inside a tool loop, whose thinking OpenAI’s format cannot carry',
      },
    ],
  },
  {
    name: 'reasoning.effort',
    fate: 'applied',
    note: 'OpenRouter’s form of `reasoning_effort`, which wins over it.',
    cases: AS_EFFORT,
  },
  {
    name: 'reasoning.enabled',
    fate: 'applied',
    note: '`false` is effort `none`; `true` alone is effort `medium`.',
    cases: AS_EFFORT,
  },
  { name: 'reasoning.exclude', fate: 'applied', note: 'No `reasoning_content` in the answer.' },
  {
    name: 'reasoning.max_tokens',
    fate: 'applied',
    note: 'The budget of thinking tokens, for models that have one.',
    cases: [
      { fate: 'ignored', if: { thinking: 'adaptive' }, when: 'the model has effort levels and no budget' },
      ...AS_EFFORT,
    ],
  },
  {
    name: 'reasoning.summary',
    fate: 'ignored',
    note: 'Where Claude thinks, a summary of it comes as `reasoning_content`.',
  },
  {
    name: 'verbosity',
    fate: 'ignored',
    neutral: ['medium'],
    note: 'Claude has no such setting: effort is about thinking, not about length.',
  },
  {
    name: 'safety_identifier',
    fate: 'applied',
    neutral: [''],
    note: 'As `user`, and wins over it.',
    cases: [OWN_METADATA],
  },
  {
    name: 'metadata',
    fate: 'ignored',
    neutral: [{}],
    note: 'Up to 16 pairs, checked; Claude’s metadata has room for a user id only.',
  },
  ...unmatchedParameters,
  ...shapeParameters,
];
