/** What the demo says to a request that no script answers: directives, forced tools, structured output, echo. */
import { blocksOf, type DemoAnswer, type DemoBlock, type DemoMessage, type DemoRequestBody } from './answer.ts';
import { hasDirectives, parseSteps, type Step } from './directives.ts';
import { makeId } from './message.ts';
import { sampleOf } from './schema-sample.ts';

/** `timesSeen` counts equal requests, for directives with `times=N`; it is asked only then. */
export const compose = (body: DemoRequestBody, timesSeen: (key: string) => number): DemoAnswer => {
  const anchor = findAnchor(body.messages);
  const step = hasDirectives(anchor.text) ? parseSteps(anchor.text)[anchor.step] : undefined;
  const answer = step === undefined ? {} : withoutSpentFailure(step, timesSeen, `${anchor.step} ${anchor.text}`);
  return { ...answer, content: allowed(answer.content ?? defaultContent(body, step?.rest ?? anchor.text), body) };
};

/** The user text that rules this request, and how many answers were given since: the step of its script. */
const findAnchor = (messages: readonly DemoMessage[]): { text: string; step: number } => {
  let step = 0;
  for (const message of messages.toReversed()) {
    if (message.role === 'assistant') step += 1;
    const text = message.role === 'user' ? userText(message) : '';
    if (text !== '') return { text, step: endsWithPrefill(messages) ? step - 1 : step };
  }
  return { text: '', step: 0 };
};

const endsWithPrefill = (messages: readonly DemoMessage[]): boolean => messages.at(-1)?.role === 'assistant';

/** What the person wrote; the reminders that Claude Code adds are not part of it. */
const userText = (message: DemoMessage): string =>
  blocksOf(message)
    .filter(({ type }) => type === 'text')
    .map(({ text }) => (text ?? '').replaceAll(/<system-reminder>[\s\S]*?<\/system-reminder>/g, '').trim())
    .filter((text) => text !== '')
    .join('\n');

const withoutSpentFailure = ({ answer, times }: Step, timesSeen: (key: string) => number, key: string): DemoAnswer => {
  if (times === undefined || timesSeen(key) < times) return answer;
  const { failure: _failure, breaks: _breaks, hang: _hang, ...healthy } = answer;
  return healthy;
};

const defaultContent = (body: DemoRequestBody, text: string): readonly DemoBlock[] => {
  const choice = body.tool_choice?.type;
  if (choice === 'any' || choice === 'tool') return forcedCall(body);
  const { format } = body.output_config ?? {};
  if (format?.type === 'json_schema') return [say(JSON.stringify(sampleOf(format.schema)))];
  const results = resultsOf(body.messages);
  if (results.length > 0) return [say(`Demo upstream (no model): the tool answered: ${results.join(' | ')}`)];
  if (isNeeded(body, text)) return forcedCall(body);
  return [say(`Demo upstream (no model): you said: ${text}`)];
};

/** Whether the question names what the only tool is for: `get_weather` for one about the weather. */
const isNeeded = ({ tools = [], tool_choice: choice, messages }: DemoRequestBody, question: string): boolean => {
  const [tool, ...others] = tools;
  if (tool === undefined || others.length > 0 || choice?.type === 'none' || endsWithPrefill(messages)) return false;
  const asked = new Set(wordsOf(question));
  return wordsOf(tool.name.replaceAll(/([a-z])([A-Z])/gu, '$1 $2')).some((word) => asked.has(word));
};

/** Short words name no purpose: `get`, `run`. */
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[a-z]{4,}/gu) ?? [];

const say = (text: string): DemoBlock => ({ type: 'text', text });

const forcedCall = ({ tools = [], tool_choice: choice }: DemoRequestBody): readonly DemoBlock[] => {
  const tool = tools.find(({ name }) => choice?.type !== 'tool' || name === choice.name);
  if (tool?.type?.startsWith('web_search')) return search();
  if (tool?.type?.startsWith('code_execution')) return program();
  return [{ type: 'tool_use', name: tool?.name ?? '', input: sampleOf(tool?.input_schema) ?? {} }];
};

/** A search that the API itself would have run; this one finds nothing. */
const search = (): readonly DemoBlock[] => {
  const id = makeId('srvtoolu');
  return [
    { type: 'server_tool_use', id, name: 'web_search', input: { query: 'demo' } },
    { type: 'web_search_tool_result', tool_use_id: id, content: [] },
    say('Demo upstream (no model): nothing was searched, and nothing was found.'),
  ];
};

/** A program that the API itself would have run. */
const program = (): readonly DemoBlock[] => {
  const id = makeId('srvtoolu');
  const result = { stdout: '', stderr: '', return_code: 0, content: [] };
  return [
    { type: 'server_tool_use', id, name: 'code_execution', input: { code: 'print("demo")' } },
    {
      type: 'code_execution_tool_result',
      tool_use_id: id,
      content: { type: 'code_execution_result', ...result },
    },
    say('Demo upstream (no model): nothing was run.'),
  ];
};

/** The results that the last user message brings, as text. */
const resultsOf = (messages: readonly DemoMessage[]): readonly string[] => {
  const last = messages.findLast(({ role }) => role !== 'system');
  if (last === undefined || last.role !== 'user') return [];
  return blocksOf(last)
    .filter(({ type }) => type === 'tool_result')
    .map((block) => (typeof block.content === 'string' ? block.content : JSON.stringify(block.content ?? '')));
};

/** A model calls only tools it was given, and only as many as it may. */
const allowed = (
  content: readonly DemoBlock[],
  { tools = [], tool_choice: choice }: DemoRequestBody,
): readonly DemoBlock[] => {
  const names = new Set(choice?.type === 'none' ? [] : tools.map(({ name }) => name));
  let calls = 0;
  return content.flatMap((block) => {
    if (block.type !== 'tool_use') return [block];
    if (!names.has(block.name))
      return [say(`Demo upstream (no model): this request does not let me call a tool named ${block.name}.`)];
    calls += 1;
    return calls > 1 && choice?.disable_parallel_tool_use === true ? [] : [block];
  });
};
