/** What becomes of every parameter of `/v1/messages`. Read by the parser, the report and docs/COMPATIBILITY.md. */
import type { EngineAbilities } from '../../turn/engine.ts';
import { MOST_MESSAGES, MOST_TOOLS } from '../bounds.ts';
import { FORCED_CASES } from '../forced-call.ts';
import { EFFORT_CASES, EFFORT_IN_NAME } from '../model-parameter.ts';
import type { Parameter, ParameterCase } from '../parameters.ts';

const without = (lacks: keyof EngineAbilities, fate: ParameterCase['fate'], why: string): ParameterCase => ({
  fate,
  if: { lacks },
  when: why,
});
const API_ONLY = 'a feature of the API alone, which this engine cannot ask for';
/**
 * Requests are adapted only where the model was mapped: a caller who names a model exactly gets the API's own answer.
 */
const MAPPED = 'the name was mapped to a model';
const EXACT = 'the model was named exactly and the engine is `anthropic-api`';
const NO_SAMPLING: ParameterCase = {
  fate: 'ignored',
  if: { sampling: 'none' },
  when: 'the model takes no sampling parameters',
};

const cacheControl = (name: string): Parameter => ({
  name,
  fate: 'applied',
  silent: true,
  note: 'Passed on.',
  cases: [
    without(
      'cacheControl',
      'emulated',
      'the engine sets its own cache breakpoints; not reported, since clients always send them',
    ),
  ],
});

const apiOnly = (name: string, fate: 'ignored' | 'refused', note = 'Passed on.'): Parameter => ({
  name,
  fate: 'applied',
  note,
  cases: [without('otherParameters', fate, API_ONLY)],
});

export const messagesParameters: readonly Parameter[] = [
  { name: 'model', fate: 'applied', note: EFFORT_IN_NAME, cases: EFFORT_CASES },
  {
    name: 'messages',
    fate: 'applied',
    note:
      'Passed on with all blocks: text, images, documents, tool use and results, thinking with signatures, ' +
      'citations, search results, `role: "system"` in mid-conversation. ' +
      'Tool ids outside `[a-zA-Z0-9_-]` are mapped, the same way every time.',
    cases: [
      { fate: 'refused', when: `there are more than ${MOST_MESSAGES}` },
      {
        fate: 'emulated',
        when:
          `\`role: "system"\` and ${MAPPED} that takes none (before 4.8): it becomes text of the user, in ` +
          `\`<system-reminder>\``,
      },
      {
        fate: 'emulated',
        lacks: 'systemMessages',
        when: '`role: "system"`: it becomes text of the user, in `<system-reminder>`, for every model',
      },
      {
        fate: 'emulated',
        lacks: 'otherParameters',
        when:
          'an answer in the history without text or calls (it is left out), or an image of the newest message ' +
          'over 400 KB or 2,000 pixels (it is made smaller)',
      },
      {
        fate: 'refused',
        when:
          'it ends with an assistant message to be continued (prefill) and the model cannot do that, with the ' +
          'API’s own message',
      },
      {
        fate: 'refused',
        lacks: 'otherParameters',
        when: 'an image of the newest message cannot be read: its place is named',
      },
      { fate: 'refused', lacks: 'prefill', when: 'it ends with an assistant message to be continued, for every model' },
    ],
  },
  {
    name: 'messages[].output_config',
    fate: 'applied',
    neutral: [{}],
    note: 'Passed on: the effort from a system message on.',
    cases: [
      without('systemMessages', 'ignored', 'there is one effort for a request'),
      { fate: 'ignored', when: `${MAPPED} that takes no system messages` },
    ],
  },
  {
    name: 'messages[].clear_at',
    fate: 'applied',
    note: 'Passed on.',
    cases: [
      without('systemMessages', 'ignored', API_ONLY),
      { fate: 'ignored', when: `${MAPPED} that takes no system messages` },
    ],
  },
  {
    name: 'messages[].content[].citations',
    fate: 'applied',
    note: 'Of documents and search results, and of the assistant’s text: passed on.',
    cases: [
      {
        fate: 'ignored',
        lacks: 'citationsInHistory',
        when: 'text of the assistant: earlier answers go back without their citations',
      },
    ],
  },
  { name: 'system', fate: 'applied', note: 'A string or text blocks.' },
  {
    name: 'max_tokens',
    fate: 'applied',
    note: 'Passed on; the API refuses more than the model’s maximum.',
    cases: [{ fate: 'emulated', when: `${MAPPED} with a lower maximum: that is used` }],
  },
  { name: 'stream', fate: 'applied', note: 'The API’s own events in their order, `ping` included.' },
  { name: 'stop_sequences', fate: 'applied', note: 'Passed on.' },
  { name: 'temperature', fate: 'applied', neutral: [1], note: 'Passed on.', cases: [NO_SAMPLING] },
  {
    name: 'top_p',
    fate: 'applied',
    neutral: [1],
    note: 'Passed on.',
    cases: [NO_SAMPLING, { fate: 'ignored', when: 'a temperature is given too and the model takes only one of them' }],
  },
  { name: 'top_k', fate: 'applied', note: 'Passed on.', cases: [NO_SAMPLING] },
  {
    name: 'metadata',
    fate: 'applied',
    neutral: [{}, { user_id: null }],
    note: '`user_id` is passed on.',
    cases: [
      {
        fate: 'ignored',
        if: { lacks: 'metadata' },
        when: 'a login of Claude Code, which sends metadata of its own',
      },
    ],
  },
  {
    name: 'tools',
    fate: 'applied',
    note:
      'Client tools are passed on unchanged, with `strict`, `input_examples`, `defer_loading`, ' +
      '`eager_input_streaming`.',
    cases: [
      { fate: 'refused', when: `there are more than ${MOST_TOOLS}` },
      {
        fate: 'ignored',
        lacks: 'serverTools',
        when:
          'a tool that runs at the API (`web_search_…`, `code_execution_…`, …): it is left out, and reported as ' +
          '`tools[0]`',
      },
    ],
  },
  {
    name: 'tool_choice',
    fate: 'applied',
    note: '`auto`, `any`, `tool`, `none`, with `disable_parallel_tool_use`.',
    cases: [...FORCED_CASES, { fate: 'refused', lacks: 'serverTools', when: 'it forces a tool that runs at the API' }],
  },
  {
    name: 'thinking',
    fate: 'applied',
    note:
      '`enabled` with a budget, `adaptive`, `disabled`, `between_tools`, with `display`; signatures are kept ' +
      'through tool loops.',
    cases: [
      {
        fate: 'emulated',
        when:
          `${MAPPED} that thinks in the other way: \`adaptive\` becomes a budget by the effort, a ` +
          `budget becomes \`adaptive\``,
      },
      {
        fate: 'emulated',
        when:
          `${MAPPED} that cannot stop thinking: \`disabled\` becomes \`between_tools\`, or the lowest effort ` +
          `where that is not set`,
      },
      {
        fate: 'ignored',
        when:
          `${MAPPED} that cannot think in this request, or thinks more than was asked for at the effort that ` +
          `is set`,
      },
      {
        fate: 'ignored',
        lacks: 'otherParameters',
        when:
          'a budget, and the results of calls that no process waits for any more: the thinking before them ' +
          'cannot be taken in again',
      },
    ],
  },
  {
    name: 'output_config.effort',
    fate: 'applied',
    note: 'Passed on. Absent: the model’s own default; see “Effort” below for the engine `claude-code`.',
    cases: [
      {
        fate: 'emulated',
        when:
          `${MAPPED} without that level: the next lower one, or the budget of thinking; or one that thinks ` +
          `\`between_tools\`, which goes up to \`high\``,
      },
      {
        fate: 'ignored',
        when: `${MAPPED} without effort levels`,
      },
      {
        fate: 'ignored',
        lacks: 'effortWithoutLevels',
        when: 'a model without effort levels, which is never asked for one',
      },
      { fate: 'refused', when: `a level that does not exist; the API says so itself where ${EXACT}` },
    ],
  },
  {
    name: 'output_config.task_budget',
    fate: 'applied',
    note: 'Passed on, with its `anthropic-beta`.',
    cases: [without('betas', 'ignored', 'it would need a value of `anthropic-beta` that the engine does not send')],
  },
  { name: 'output_config.format', fate: 'applied', note: 'Passed on.' },
  { name: 'output_format', fate: 'applied', note: 'The older name of `output_config.format`.' },
  cacheControl('cache_control'),
  cacheControl('system[].cache_control'),
  cacheControl('messages[].content[].cache_control'),
  cacheControl('tools[].cache_control'),
  {
    name: 'thread',
    fate: 'refused',
    note:
      'Refused with the API’s own `thread_unsupported_request`: the SDK then sends the whole conversation. ' +
      'This server keeps no conversation that a request does not carry.',
  },
  {
    name: 'context_management',
    fate: 'applied',
    note: 'Passed on.',
    cases: [
      { fate: 'ignored', when: `${MAPPED} that cannot think in this request: edits of its thinking are left out` },
    ],
  },
  apiOnly('compaction', 'ignored'),
  { name: 'service_tier', fate: 'applied', note: 'Passed on.' },
  apiOnly('speed', 'ignored'),
  apiOnly('inference_geo', 'refused'),
  apiOnly('container', 'refused'),
  apiOnly('mcp_servers', 'refused'),
  apiOnly('diagnostics', 'ignored'),
  apiOnly('fallbacks', 'ignored'),
  apiOnly('fallback_credit_token', 'ignored'),
  apiOnly('billing_policy', 'ignored'),
  {
    name: 'betas',
    fate: 'applied',
    neutral: [[]],
    note: 'Taken as values of `anthropic-beta`; the SDK sends them as that header.',
    cases: [without('betas', 'ignored', 'the engine sends its own')],
  },
  {
    name: 'user_profile_id',
    fate: 'ignored',
    note:
      'Also as the header `anthropic-user-profile-id`, in which the SDK sends it: this server asks with its ' +
      'own login only.',
  },
  { name: 'workspace_id', fate: 'ignored', note: 'Also as the header `anthropic-workspace-id`: as `user_profile_id`.' },
];
