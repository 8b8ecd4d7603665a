import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { brokenInput } from '../../../src/turn/broken-input.ts';
import { CustomInputReader, customInput, textOfInput } from '../../../src/dialects/openai/custom-tools.ts';
import { ToolNames } from '../../../src/dialects/openai-responses/tools/tool-names.ts';
import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { apiAbilities } from '../../../src/engines/api/abilities.ts';
import { anyCut, anyText } from '../arbitraries.ts';
import { adaptiveModel, contextOf, failure } from '../support.ts';
import { parse } from './support.ts';

const object = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const fn = (name: string, more: object = {}) => ({ type: 'function', name, parameters: object, ...more });
const ask = (tools: readonly object[], more: object = {}, options: Parameters<typeof parse>[1] = {}) =>
  parse({ input: 'x', tools, ...more }, { engine: 'anthropic-api', ...options });

describe('tools', () => {
  it.each([
    ['a function', [fn('f', { description: 'd' })], [{ name: 'f', description: 'd', input_schema: object }], [], []],
    [
      'without a schema',
      [{ type: 'function', name: 'f', parameters: null, strict: null }],
      [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
      [],
      [],
    ],
    ['strict', [fn('f', { strict: true })], [{ name: 'f', input_schema: object, strict: true }], [], []],
    [
      'strict that cannot be enforced',
      [fn('f', { strict: true, parameters: { type: 'object', properties: { a: { type: 'string', minLength: 2 } } } })],
      [{ name: 'f' }],
      ['tools[].strict'],
      [],
    ],
    [
      'a namespace',
      [
        fn('a'),
        {
          type: 'namespace',
          name: 'mcp__docs',
          description: 'd',
          tools: [fn('search'), { type: 'custom', name: 'run' }],
        },
        fn('z'),
      ],
      [{ name: 'a' }, { name: 'mcp__docs__search', input_schema: object }, { name: 'mcp__docs__run' }, { name: 'z' }],
      [],
      ['tools[].custom'],
    ],
    [
      'web search',
      [
        {
          type: 'web_search',
          external_web_access: true,
          search_context_size: 'medium',
          filters: { allowed_domains: ['a.com'] },
          user_location: { type: 'approximate', city: 'Brno', country: null },
        },
      ],
      [
        {
          type: 'web_search_20250305',
          name: 'web_search',
          allowed_domains: ['a.com'],
          user_location: { type: 'approximate', city: 'Brno' },
        },
      ],
      [],
      [],
    ],
    [
      'an older web search',
      [{ type: 'web_search_preview_2025_03_11' }],
      [{ type: 'web_search_20250305', name: 'web_search' }],
      [],
      [],
    ],
    [
      'a search that may not use the web',
      [fn('f'), { type: 'web_search', external_web_access: false }],
      [{ name: 'f' }],
      ['tools[].web_search'],
      [],
    ],
    [
      'a function of that name',
      [fn('web_search'), { type: 'web_search' }],
      [{ name: 'web_search', input_schema: object }],
      ['tools[].web_search'],
      [],
    ],
    [
      'a code interpreter',
      [{ type: 'code_interpreter', container: { type: 'auto' } }],
      [{ type: 'code_execution_20250522', name: 'code_execution' }],
      [],
      [],
    ],
    [
      'what Claude does not have',
      [
        fn('f'),
        { type: 'file_search', vector_store_ids: [] },
        { type: 'mcp', server_label: 's' },
        { type: 'tool_search', execution: 'client' },
        { type: 'image_generation' },
        { type: 'of the future' },
      ],
      [{ name: 'f' }],
      ['tools[].type'],
      [],
    ],
    ['only what Claude does not have', [{ type: 'file_search' }], undefined, ['tools[].type'], []],
  ])('%s', (_, tools, expected, ignored, emulated) => {
    const { request, report } = ask(tools);
    if (expected === undefined) expect(request.tools).toBeUndefined();
    else expect(request.tools).toMatchObject(expected);
    expect(request.tools?.length).toBe(expected?.length);
    expect([report.ignored, report.emulated]).toEqual([ignored, emulated]);
  });

  it('an engine without tools of the API leaves them out and tells', () => {
    const engine = { name: 'other', abilities: { ...apiAbilities, serverTools: false } };
    const body = { model: 'm', input: 'x', tools: [fn('f'), { type: 'web_search' }, { type: 'code_interpreter' }] };
    const { request, report } = openAiResponses.parse(body, { ...contextOf(), engine });
    expect(request.tools).toMatchObject([{ name: 'f' }]);
    expect(report.ignored).toEqual(['tools[].web_search', 'tools[].code_interpreter']);
  });

  it('max_tool_calls bounds the searches', () => {
    expect(ask([{ type: 'web_search' }], { max_tool_calls: 3 }).request.tools).toMatchObject([{ max_uses: 3 }]);
    expect(ask([fn('f')], { max_tool_calls: 3 }).report.ignored).toEqual(['max_tool_calls']);
  });

  it('a custom tool is a function with one string, its grammar in the description', () => {
    const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const [tool] =
      ask([{ type: 'custom', name: 'apply_patch', description: 'Edits files.', format: grammar }]).request.tools ?? [];
    expect(tool).toEqual({
      name: 'apply_patch',
      description: 'Edits files.\n\nThe text must match this grammar (lark):\nstart: "x"',
      input_schema: {
        type: 'object',
        properties: { input: { type: 'string', description: 'The whole input of this tool, as raw text.' } },
        required: ['input'],
        additionalProperties: false,
      },
    });
  });
});

describe('tool_choice', () => {
  const space = { type: 'namespace', name: 'ns', tools: [fn('in')] };
  it.each([
    ['auto', 'auto', undefined, 4],
    ['none', 'none', { type: 'none' }, 4],
    ['required', 'required', { type: 'any' }, 4],
    ['a function', { type: 'function', name: 'f' }, { type: 'tool', name: 'f' }, 4],
    ['one in a namespace', { type: 'function', name: 'in', namespace: 'ns' }, { type: 'tool', name: 'ns__in' }, 4],
    ['by its bare name', { type: 'function', name: 'in' }, { type: 'tool', name: 'ns__in' }, 4],
    ['a custom tool', { type: 'custom', name: 'c' }, { type: 'tool', name: 'c' }, 4],
    ['a search', { type: 'web_search_preview' }, { type: 'tool', name: 'web_search' }, 4],
    [
      'allowed tools',
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] },
      undefined,
      2,
    ],
    [
      'allowed and required',
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'custom', name: 'c' }] },
      { type: 'any' },
      1,
    ],
  ])('%s', (_, tool_choice, expected, offered) => {
    const { request } = ask([fn('f'), space, { type: 'custom', name: 'c' }, { type: 'web_search' }], { tool_choice });
    expect([request.tool_choice, request.tools?.length]).toEqual([expected, offered]);
  });

  it.each([
    ['a tool that is not there', { type: 'function', name: 'g' }, 'invalid_request'],
    ['a hosted tool that cannot be', { type: 'file_search' }, 'unsupported_parameter'],
    ['an MCP server', { type: 'mcp', server_label: 's' }, 'unsupported_parameter'],
    [
      'one of the allowed',
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }, { type: 'image_generation' }] },
      'unsupported_parameter',
    ],
  ])('%s is refused', (_, tool_choice, code) => {
    expect(failure(() => ask([fn('f'), { type: 'file_search' }], { tool_choice }))).toMatchObject({
      code,
      param: 'tool_choice',
    });
  });

  it('required without any tool is refused, also where none of them can be had', () => {
    for (const tools of [[], [{ type: 'file_search' }]])
      expect(failure(() => ask(tools, { tool_choice: 'required' })).param).toBe('tool_choice');
  });

  it('a model that cannot be forced writes the call as JSON, and that is told', () => {
    const { request, report } = ask(
      [fn('f')],
      { tool_choice: 'required' },
      { base: adaptiveModel, abilities: { forcedTools: false } },
    );
    expect([request.tool_choice, report.emulated]).toEqual([{ type: 'none' }, ['tool_choice']]);
  });

  it('one call at a time', () => {
    expect(ask([fn('f')], { parallel_tool_calls: false }).request.tool_choice).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    });
    expect(ask([fn('f')], { parallel_tool_calls: true }).request.tool_choice).toBeUndefined();
  });
});

describe('names', () => {
  const inSpace = (namespace: string, name: string) => ({ definition: { type: 'function' as const, name }, namespace });
  it.each([
    ['ns', 'f', 'ns__f'],
    ['mcp__docs__', 'f', 'mcp__docs__f'],
    ['my docs!', 'f', 'my_docs___f'],
    ['n'.repeat(70), 'f', /^n{39}_[0-9a-f]{24}$/],
  ])('%s and %s', (namespace, name, expected) => {
    const names = new ToolNames([inSpace(namespace, name)]);
    const flat = names.flat(name, namespace);
    expect(flat).toMatch(expected);
    expect(flat.length).toBeLessThanOrEqual(64);
    expect(names.origin(flat)).toEqual({ kind: 'function', name, namespace });
    expect(new ToolNames([]).flat(name, namespace)).toBe(flat);
  });

  test('a function of the same name keeps it', () => {
    const names = new ToolNames([{ definition: { type: 'function', name: 'ns__f' } }, inSpace('ns', 'f')]);
    expect(names.origin('ns__f')).toEqual({ kind: 'function', name: 'ns__f' });
    expect(names.origin(names.flat('f', 'ns'))).toEqual({ kind: 'function', name: 'f', namespace: 'ns' });
  });

  test('one that was never offered is given back as it is', () => {
    expect(new ToolNames([]).origin('made_up')).toEqual({ kind: 'function', name: 'made_up' });
  });
});

describe('raw text out of JSON', () => {
  const read = (json: string, cut: (text: string) => readonly string[]) => {
    const reader = new CustomInputReader();
    return cut(json).map((piece) => reader.add(piece));
  };

  test('however it is cut, the pieces are the text, with no half of a character', () => {
    const escaped = fc.constantFrom(
      (json: string) => json,
      (json: string) =>
        json.replaceAll(/[^\u0020-\u007e]/gu, (one) =>
          one
            .split('')
            .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join(''),
        ),
    );
    const units = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(anyText, escaped, anyCut, units, fc.boolean(), (text, write, cut, sizes, byUnit) => {
        const json = write(JSON.stringify(customInput(text)));
        const anyPlace = (whole: string) => {
          const pieces: string[] = [];
          for (let at = 0, turn = 0; at < whole.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            pieces.push(whole.slice(at, at + size));
            at += size;
          }
          return pieces;
        };
        const pieces = read(json, byUnit && /^[\u0020-\u007e]*$/u.test(json) ? anyPlace : cut);
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
        expect(textOfInput(JSON.parse(json))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['another form', '{"patch":"x"}', ''],
    ['another order', '{"a":1,"input":"x"}', ''],
    ['a number', '{"input":1}', ''],
    ['white space', ' { "input" : "x" } ', 'x'],
    ['what comes after', '{"input":"x","a":"y"}', 'x'],
    ['a half pair', '{"input":"\\ud83d x"}', '\ud83d x'],
    ['an end in the middle', '{"input":"abc', 'abc'],
    ['an end in an escape', '{"input":"abc\\u00', 'abc'],
  ])('%s', (_, json, expected) => {
    expect(read(json, (text) => Array.from(text)).join('')).toBe(expected);
    expect(read(json, (text) => [text]).join('')).toBe(expected);
  });

  it.each([
    [{ input: 'x' }, 'x'],
    [{ input: 'x', more: 1 }, 'x'],
    [{ patch: 'x' }, '{"patch":"x"}'],
    [brokenInput('{"input":"cut o'), 'cut o'],
    [brokenInput('{"patch":"cut o'), '{"patch":"cut o'],
    [undefined, '{}'],
  ])('of %j', (input, expected) => {
    expect(textOfInput(input)).toBe(expected);
  });
});
