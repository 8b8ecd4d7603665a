/** What becomes of every parameter of `/v1/responses`. Read by the parser, the report and docs/COMPATIBILITY.md. */
import { EFFORT_CASES, EFFORT_IN_NAME } from '../model-parameter.ts';
import { OWN_METADATA, samplingParameters } from '../openai/common-parameters.ts';
import type { Parameter } from '../parameters.ts';
import { toolParameters } from './tools/tool-parameters.ts';

const conversation: readonly Parameter[] = [
  { name: 'model', fate: 'applied', note: EFFORT_IN_NAME, cases: EFFORT_CASES },
  {
    name: 'input',
    fate: 'applied',
    note:
      'A text, or items: messages in every shape, calls and their outputs, reasoning, searches, references to ' +
      'stored items. Leading system and developer messages become ' +
      'system blocks, behind `instructions`. Outputs go directly behind the calls that they answer. Text without ' +
      'a visible character is left out: the API refuses it.',
    cases: [
      {
        fate: 'emulated',
        when:
          'a later system or developer message and a model that takes none (before 4.8), or not in that place: it ' +
          'becomes text of the user, in `<system-reminder>`; ' +
          'with Claude Code: for every model',
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
      {
        fate: 'emulated',
        when: 'the last item is a `compaction_trigger`: a request for a summary is added, and no tool is called',
      },
      {
        fate: 'emulated',
        when:
          'arguments that are no JSON object, such as those of a call that was cut at the limit: Claude gets their ' +
          'text as `{"INVALID_JSON": …}`',
      },
      { fate: 'refused', when: 'the last message is the assistant’s and the model or the engine cannot continue it' },
      { fate: 'refused', when: 'a call has no output, or an output has no call' },
    ],
  },
  {
    name: 'input[].type',
    fate: 'applied',
    note:
      '`message`, `function_call`, `function_call_output`, `custom_tool_call`, `custom_tool_call_output`, ' +
      '`reasoning`, `web_search_call`, `code_interpreter_call`, `item_reference`, `additional_tools`, `compaction`, ' +
      '`compaction_trigger` at the end.',
    cases: [{ fate: 'ignored', when: 'any other type: the item is left out' }],
  },
  {
    name: 'input[].encrypted_content',
    fate: 'applied',
    note: 'Thinking with its signature, or the results of a search, exactly as Claude sent them; or a summary.',
    cases: [
      {
        fate: 'ignored',
        when: 'it was not made by this server, was changed, or no text follows the thinking: the item is left out',
      },
    ],
  },
  {
    name: 'input[].summary',
    fate: 'ignored',
    silent: true,
    note: 'A summary alone cannot be given to Claude again. Not reported, since every client sends it back.',
  },
  {
    name: 'input[].content[].input_image',
    fate: 'applied',
    note: 'PNG, JPEG, GIF, WebP as a data URL; http(s) URLs are fetched by the API. Also in outputs of tools.',
  },
  { name: 'input[].content[].detail', fate: 'ignored', neutral: ['auto'], note: 'Claude has one resolution.' },
  {
    name: 'input[].content[].input_file',
    fate: 'applied',
    note:
      'A PDF, text or JSON file as a data URL in `file_data`, or a PDF by `file_url`; `filename` becomes its ' +
      'title.',
    cases: [{ fate: 'refused', when: 'a `file_id`: this server keeps no files' }],
  },
  { name: 'input[].content[].input_audio', fate: 'refused', note: 'Claude does not take audio.' },
  {
    name: 'instructions',
    fate: 'applied',
    note: 'The first system block. As with OpenAI, those of an earlier response are not carried over.',
  },
  {
    name: 'previous_response_id',
    fate: 'applied',
    note: 'The conversation of a stored response goes on, with Claude’s thinking.',
    cases: [{ fate: 'refused', when: 'the response is not stored here, or no longer, or is another key’s' }],
  },
  {
    name: 'store',
    fate: 'applied',
    note: 'Stored unless `false`, for as long as the server is set to keep responses.',
    cases: [{ fate: 'ignored', when: '`true`, and this server stores nothing; `store` in the answer is then `false`' }],
  },
  {
    name: 'conversation',
    fate: 'refused',
    note: 'Conversations are not kept; use previous_response_id, or send the items.',
  },
  { name: 'prompt', fate: 'refused', note: 'Prompt templates are not kept here; send instructions and input.' },
  { name: 'background', fate: 'refused', neutral: [false], note: 'Responses run while their request waits.' },
  { name: 'context_management', fate: 'ignored', neutral: [[]], note: 'Conversations are not shortened here.' },
  {
    name: 'truncation',
    fate: 'ignored',
    neutral: ['disabled'],
    note: 'Nothing is cut from a conversation: one that is too long is refused with `context_length_exceeded`.',
  },
];

const generation: readonly Parameter[] = [
  {
    name: 'max_output_tokens',
    fate: 'applied',
    note: 'Thinking counts towards it. Absent: 32,000, or the model’s maximum if that is lower.',
    cases: [{ fate: 'emulated', when: 'above the model’s maximum: the maximum is used' }],
  },
  {
    name: 'reasoning.effort',
    fate: 'applied',
    note: 'As `reasoning_effort` of `/v1/chat/completions`.',
    cases: [
      { fate: 'emulated', when: 'as for `reasoning_effort`' },
      { fate: 'ignored', when: 'max_output_tokens is below 1,366 on a model with budgets' },
      { fate: 'ignored', when: 'a tool is forced on a model with budgets' },
      {
        fate: 'ignored',
        when:
          'a model with budgets is inside a tool loop, and the thinking before the calls was not sent back ' +
          '(`include: ["reasoning.encrypted_content"]` carries it)',
      },
    ],
  },
  {
    name: 'reasoning.summary',
    fate: 'applied',
    note:
      'Where Claude thinks, its thinking comes as `reasoning` items with one summary, whatever the length ' +
      'that was asked for. Alone, it makes models with effort levels show their thinking.',
  },
  { name: 'reasoning.generate_summary', fate: 'applied', note: 'The older name of `reasoning.summary`.' },
  {
    name: 'reasoning.context',
    fate: 'ignored',
    neutral: ['auto'],
    note: 'Claude decides which thinking it reads again.',
  },
  { name: 'reasoning.mode', fate: 'ignored', note: 'Claude has no such mode.' },
  {
    name: 'text.format',
    fate: 'applied',
    neutral: [{ type: 'text' }],
    note: '`json_schema` is enforced by the API’s structured output; the answer is checked to be JSON.',
    cases: [
      { fate: 'emulated', when: 'as for `response_format` of `/v1/chat/completions`' },
      { fate: 'refused', when: 'as for `response_format` of `/v1/chat/completions`' },
    ],
  },
  {
    name: 'text.format.description',
    fate: 'applied',
    neutral: [''],
    note: 'Becomes the description of the schema.',
    cases: [
      { fate: 'ignored', when: 'the schema has a description of its own' },
      { fate: 'ignored', when: 'there is no schema' },
    ],
  },
  {
    name: 'text.verbosity',
    fate: 'ignored',
    neutral: ['medium'],
    note: 'Claude has no such setting: effort is about thinking, not about length.',
  },
  ...samplingParameters,
  { name: 'top_logprobs', fate: 'ignored', neutral: [0], note: 'Claude gives no log probabilities.' },
];

const answer: readonly Parameter[] = [
  {
    name: 'stream',
    fate: 'applied',
    note: 'Server-sent events, ended by one of `response.completed`, `response.incomplete`, `response.failed`.',
  },
  {
    name: 'stream_options.include_obfuscation',
    fate: 'ignored',
    neutral: [false],
    note: 'No padding is added to events.',
  },
  {
    name: 'include',
    fate: 'applied',
    note:
      '`reasoning.encrypted_content`: Claude’s thinking and signatures, encrypted, also the results of ' +
      'searches. `web_search_call.action.sources`. The others ask for items that never come.',
    cases: [{ fate: 'ignored', when: '`message.output_text.logprobs`: Claude gives no log probabilities' }],
  },
  {
    name: 'metadata',
    fate: 'applied',
    neutral: [{}],
    note: 'Up to 16 pairs, kept with the response; not sent to Claude.',
  },
  {
    name: 'user',
    fate: 'applied',
    neutral: [''],
    note: 'Becomes `metadata.user_id`, as a SHA-256 hash.',
    cases: [OWN_METADATA],
  },
  {
    name: 'safety_identifier',
    fate: 'applied',
    neutral: [''],
    note: 'As `user`, and wins over it.',
    cases: [OWN_METADATA],
  },
  {
    name: 'service_tier',
    fate: 'applied',
    note: '`auto` is passed on, `default` becomes `standard_only`.',
    cases: [{ fate: 'ignored', when: 'any other value: Claude has no such tier to ask for' }],
  },
  { name: 'moderation', fate: 'ignored', note: 'There is no moderation endpoint behind this server.' },
  { name: 'access_programs', fate: 'ignored', note: 'OpenAI’s programs do not apply.' },
  { name: 'image', fate: 'ignored', note: 'Images are passed on as they are.' },
  {
    name: 'client_metadata',
    fate: 'ignored',
    silent: true,
    note: 'Metadata of Codex. Not reported: it asks for nothing.',
  },
  {
    name: 'prompt_cache_key',
    fate: 'applied',
    neutral: [''],
    note:
      'Engine `anthropic-api`: one cache breakpoint at the end of the request, whatever the key is; Claude ' +
      'Code sets its own.',
  },
  {
    name: 'prompt_cache_retention',
    fate: 'ignored',
    silent: true,
    note: 'Claude’s cache has one lifetime here. Not reported: nothing but speed depends on it.',
  },
  {
    name: 'prompt_cache_options',
    fate: 'ignored',
    silent: true,
    note: 'Claude’s cache has one lifetime here. Not reported: nothing but speed depends on it.',
  },
];

export const responsesParameters: readonly Parameter[] = [...conversation, ...toolParameters, ...generation, ...answer];
