/** What becomes of tools, and of the choice between them. */
import { FORCED_CASES } from '../../forced-call.ts';
import { STRICT_TOOL } from '../../openai/common-parameters.ts';
import type { Parameter } from '../../parameters.ts';

export const toolParameters: readonly Parameter[] = [
  {
    name: 'tools',
    fate: 'applied',
    note:
      'Functions; names, descriptions and schemas are passed on unchanged, a missing schema is an empty ' +
      'object. No type of tool is refused unless it is forced.',
  },
  {
    name: 'tools[].namespace',
    fate: 'applied',
    note:
      'Its tools are offered as `namespace__name` (shortened with a hash above 64 characters); calls come ' +
      'back with `namespace` and `name`.',
  },
  {
    name: 'tools[].custom',
    fate: 'emulated',
    note:
      'Offered as a function with one string, a grammar behind its description; calls come back as ' +
      '`custom_tool_call` with the raw text. The grammar is not enforced.',
  },
  {
    name: 'tools[].web_search',
    fate: 'applied',
    note:
      'Claude’s own web search, with domains and location; searches come back as `web_search_call`, pages as ' +
      '`url_citation` annotations.',
    cases: [
      {
        fate: 'ignored',
        when:
          '`external_web_access` is false (Claude searches the live web only), a function has the same name, ' +
          'or the engine has no such tool: it is left out',
      },
    ],
  },
  { name: 'tools[].search_context_size', fate: 'ignored', neutral: ['medium'], note: 'Claude’s search has one size.' },
  { name: 'tools[].search_content_types', fate: 'ignored', neutral: [['text']], note: 'Claude’s search finds text.' },
  {
    name: 'tools[].code_interpreter',
    fate: 'applied',
    note: 'Claude’s own code execution, in Python; calls come back as `code_interpreter_call` with their output.',
    cases: [
      { fate: 'ignored', when: 'a function is named `code_execution`: the tool is left out' },
      { fate: 'ignored', when: 'the engine has no such tool: it is left out' },
    ],
  },
  {
    name: 'tools[].container',
    fate: 'ignored',
    silent: true,
    note: 'Claude’s code execution has one kind of container.',
  },
  {
    name: 'tools[].type',
    fate: 'applied',
    note: 'As above.',
    cases: [
      {
        fate: 'ignored',
        when:
          'any other type (`file_search`, `image_generation`, `mcp`, `computer`, `shell`, `tool_search`, …): ' +
          'the tool is left out',
      },
    ],
  },
  { name: 'tools[].strict', neutral: [false], ...STRICT_TOOL },
  {
    name: 'tool_choice',
    fate: 'applied',
    note:
      '`auto`, `none`, `required`, a named function or custom tool, a search, `allowed_tools` (the other ' +
      'tools are then not offered).',
    cases: [...FORCED_CASES, { fate: 'refused', when: 'it names a tool that is not offered' }],
  },
  { name: 'parallel_tool_calls', fate: 'applied', note: '`false` becomes `disable_parallel_tool_use`.' },
  {
    name: 'max_tool_calls',
    fate: 'applied',
    note: 'The most searches of `web_search`.',
    cases: [{ fate: 'ignored', when: 'there is no `web_search`' }],
  },
];
