/**
 * Writes docs/COMPATIBILITY.md from the tables that the dialects use.
 * `--check` writes nothing and fails when the file is not what the tables say.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { messagesParameters } from '../src/dialects/anthropic-messages/parameters.ts';
import * as ollama from '../src/dialects/ollama/parameters.ts';
import { chatParameters } from '../src/dialects/openai-chat/parameters.ts';
import { completionParameters } from '../src/dialects/openai-completions/parameters.ts';
import { responsesParameters } from '../src/dialects/openai-responses/parameters.ts';
import { apiAbilities } from '../src/engines/api/abilities.ts';
import { abilitiesFor } from '../src/engines/claude/abilities.ts';
import { CATALOG, type CatalogModel } from '../src/models/catalog.ts';
import { SUMMARY_WANTED } from '../src/dialects/openai-responses/compaction.ts';
import type { Parameter, ParameterCase } from '../src/dialects/parameters.ts';

export const compatibilityFile = new URL('../docs/COMPATIBILITY.md', import.meta.url);

export const compatibilityMarkdown = (): string =>
  [
    INTRODUCTION,
    section('`POST /v1/chat/completions`', chatParameters, CHAT_ANSWERS),
    section('`POST /v1/completions`', completionParameters, COMPLETION_ANSWERS),
    section('`POST /v1/responses`', responsesParameters, RESPONSES_ANSWERS),
    section('`POST /v1/messages`', messagesParameters, MESSAGES_ANSWERS),
    section('`POST /api/chat` (Ollama)', ollama.chatParameters, OLLAMA_ANSWERS),
    section('`POST /api/generate` (Ollama)', ollama.generateParameters, OLLAMA_GENERATE_ANSWERS),
    EFFORT,
    MODELS,
  ].join('\n\n');

const INTRODUCTION = `# Compatibility

<!-- Written by scripts/compatibility.ts from the tables in src/dialects; do not edit by hand. -->

How each parameter is handled. **applied**: it works as its API documents it. **emulated**: this server does it instead of the
API, or the model comes as near as it can. **ignored**: it has no effect. **refused**: a 400 that names it.

- The response reports it: \`x-proxy-ignored\` and \`x-proxy-emulated\` list the names below.
- With \`PROXY_STRICT=1\` a request with an ignored parameter is refused with a 400 that names it.
- Null and values that ask for nothing (a default such as \`n: 1\`) are never reported.
- Parameters that are not in the table are ignored and reported; on \`/v1/messages\` with the engine \`anthropic-api\` they are passed on.
- Types and ranges are checked as OpenAI and Anthropic check them.`;

const CHAT_ANSWERS = `### Answers

| Claude | OpenAI |
| --- | --- |
| \`end_turn\`, \`stop_sequence\` | \`finish_reason: "stop"\` |
| \`pause_turn\` | nothing: see below |
| \`max_tokens\`, \`model_context_window_exceeded\` | \`"length"\` |
| \`tool_use\` | \`"tool_calls"\`, or \`"function_call"\` where the request used \`functions\` |
| \`refusal\` | \`"content_filter"\`; \`refusal\` has the API's explanation, if it gave one |
| text blocks | \`content\`, joined; the web pages that they cite are \`annotations\` of type \`url_citation\`, other citations are not carried |
| thinking blocks | \`reasoning_content\`; redacted thinking is not carried |
| \`input_tokens\` + cache reads + cache writes | \`usage.prompt_tokens\` |
| cache reads, cache writes | \`prompt_tokens_details.cached_tokens\`, \`.cache_write_tokens\` |
| \`output_tokens\`, \`output_tokens_details.thinking_tokens\` | \`completion_tokens\`, \`completion_tokens_details.reasoning_tokens\` (absent where the API does not report it) |
| the model that answered | \`model\`; \`system_fingerprint\` is \`fp_\` and its name |

With \`response_format: json_object\` this is the one text this server adds to a request, as the last system block:
"Answer with a single JSON object and nothing else: no prose around it and no code fence." Where a schema is enforced and a
finished, unstreamed answer is not JSON all the same, the request fails with a 500 instead of returning it.

Where the API pauses an answer while its own tools run, this server sends it back until it is whole, ten times at most; the usage is
that of all these requests. With Claude Code each of them adds a short \`<system-reminder>\` that asks to go on.

Where this server cuts an answer at a stop sequence of whitespace, the upstream request is aborted there, and the usage is
what the API had reported by then.`;

const COMPLETION_ANSWERS =
  'Answers are as above, with `text` in place of a message. Tools, thinking and formats do not exist here.';

const RESPONSES_ANSWERS = `### Answers

| Claude | OpenAI |
| --- | --- |
| \`end_turn\`, \`stop_sequence\`, \`tool_use\` | \`status: "completed"\` |
| \`pause_turn\` | nothing: the answer goes on by itself, as for \`/v1/chat/completions\` |
| \`max_tokens\`, \`model_context_window_exceeded\` | \`"incomplete"\`, \`incomplete_details.reason: "max_output_tokens"\`; the item that was cut is \`incomplete\` too |
| \`refusal\` | \`"incomplete"\`, reason \`"content_filter"\`; a \`refusal\` part has the API's explanation, if it gave one |
| text blocks | \`message\` items; blocks in a row are one \`output_text\`, web pages that they cite are \`url_citation\` annotations over the block |
| thinking, redacted thinking | \`reasoning\` items: one summary, and \`encrypted_content\` where \`include\` asks for it |
| \`tool_use\` | \`function_call\` (with its \`namespace\`) or \`custom_tool_call\`; \`call_id\` is Claude's id |
| \`web_search\`, \`web_fetch\` | \`web_search_call\` with the action \`search\` or \`open_page\` |
| \`code_execution\` | \`code_interpreter_call\` |
| \`input_tokens\` + cache reads + cache writes | \`usage.input_tokens\`; \`input_tokens_details\` has both |
| \`output_tokens_details.thinking_tokens\` | \`output_tokens_details.reasoning_tokens\`; 0 where the API does not report it, since the schema requires a figure |

\`encrypted_content\` is made with a key of this server (AES-256-GCM). It holds Claude's blocks exactly as they were, so a client that keeps
the conversation itself (\`store: false\`) loses no thinking in a tool loop. Another server cannot read it.

A streamed answer ends with exactly one of \`response.completed\`, \`response.incomplete\` and \`response.failed\`. A conversation that is too
long for the model is a stream with \`response.failed\` and \`context_length_exceeded\`, as with OpenAI, because clients such as Codex shorten
their conversation on that event only; without \`stream\` it is a 400.

A conversation is compacted where its last item is a \`compaction_trigger\`, and by \`POST /v1/responses/compact\`: Claude writes a summary,
which comes back as a \`compaction\` item with \`encrypted_content\` and stands for the conversation where it is sent again. The answer of
\`/v1/responses/compact\` keeps the user's own messages before it. Codex asks for this by itself where the provider in its settings is called
"OpenAI"; under any other name it asks for a summary as for any answer. The request for the summary is text of this server:

> ${SUMMARY_WANTED}

Custom tools and \`json_object\` add text of this server to a request: the grammar behind the tool's description, introduced by "The text must
match this grammar", and the sentence that is quoted above.`;

const MESSAGES_ANSWERS = `Answers are the API's own messages and events, unchanged.

\`POST /v1/messages/count_tokens\` takes the same parameters without \`max_tokens\`. Values of the header \`anthropic-beta\` are passed
on by the engine \`anthropic-api\`; Claude Code sends its own.`;

const OLLAMA_ANSWERS = `### Answers

| Claude | Ollama |
| --- | --- |
| \`end_turn\`, \`stop_sequence\`, \`tool_use\` | \`done_reason: "stop"\` |
| \`max_tokens\`, \`model_context_window_exceeded\` | \`"length"\` |
| \`refusal\` | \`"refusal"\` |
| text, thinking blocks | \`message.content\`, \`message.thinking\` |
| \`tool_use\` | \`message.tool_calls\` with an \`id\`; in a stream each call comes whole, in one line |
| \`input_tokens\` + cache reads + cache writes | \`prompt_eval_count\` |
| \`output_tokens\` | \`eval_count\` |

Durations are measured here: \`prompt_eval_duration\` until the answer began, \`eval_duration\` from then on, \`load_duration\` is 0.
A stream shows that it lives by lines without text. An error inside a stream is a last line \`{"error": …}\`, without one that is \`done\`.

\`GET /api/version\` names the version of Ollama's API that is served, which clients compare; \`GET /api/tags\` and \`POST /api/show\` tell the
models (sizes are 0, digests are hashes of the names, \`model_info\` has the context's length); \`GET /api/ps\` is empty; \`POST /api/pull\` succeeds for a model that answers. Embeddings and
everything else that manages models is a 404. \`GET /\` says "Ollama is running" to programs whose user agent begins with "ollama".`;

const OLLAMA_GENERATE_ANSWERS =
  'Answers are as above, with `response` and `thinking` in place of a message, and no `context`.';

const EFFORT = `## Effort

Where a request sets no effort, the engine \`anthropic-api\` sends none, and the model's own default counts (Opus 5.5: medium, Sonnet 5.5: high).
The engine \`claude-code\` always sends one to models that have effort levels: Claude Code's own default (Claude Code 2.1.330: medium for the
5.5 models and Fable 5.2, high for Opus 4.5). Ask for an effort where it matters.

Thinking is alike: without a wish of the caller, \`anthropic-api\` leaves it to the model, and Claude Code turns it off for models with
budgets and leaves it to the others (\`adaptive\`).`;

const endCell = ({ ends, endsNotBefore }: CatalogModel): string =>
  ends ?? (endsNotBefore === undefined ? 'not announced' : `not before ${endsNotBefore}`);

const MODELS = `## Models

The models that this server knows, besides those that the engine reports. Other names of Claude's own pass as they are. From a model's end on, the
names that are mapped to it (\`GET /v1/models\` shows which) are answered by the newest of its family, unless \`MODEL_TRACK=pinned\`.

| model | released | ends |
| --- | --- | --- |
${CATALOG.map((model) => `| \`${model.id}\` | ${model.createdAt.slice(0, 10)} | ${endCell(model)} |`).join('\n')}
`;

const section = (title: string, parameters: readonly Parameter[], after: string): string =>
  [
    `## ${title}`,
    '',
    '| parameter | fate | |',
    '| --- | --- | --- |',
    ...parameters.map((parameter) => row(parameter)),
    '',
    after,
  ]
    .join('\n')
    .concat('\n');

const row = ({ name, fate, note, cases = [], neutral = [] }: Parameter): string => {
  const quiet =
    neutral.length === 0 || fate === 'applied'
      ? ''
      : ` Accepted: ${neutral.map((value) => `\`${JSON.stringify(value)}\``).join(', ')}.`;
  const cells = [
    [`\`${name}\``, fate, note + quiet],
    ...cases.filter(occurs).map((one) => ['', one.fate, `${sentenceCase([...enginesOf(one), one.when].join(': '))}.`]),
  ];
  return cells.map((each) => `| ${each.join(' | ')} |`).join('\n');
};

/** Whether there is an engine that the case is of. */
const occurs = (one: ParameterCase): boolean => {
  const lacks = one.if?.lacks ?? one.lacks;
  return lacks === undefined || Object.values(engines).some((abilities) => !abilities[lacks]);
};

/** `engine \`claude-code\``, where a case is one of engines that lack an ability. */
const enginesOf = (one: ParameterCase): readonly string[] => {
  const lacks = one.if?.lacks ?? one.lacks;
  if (lacks === undefined) return [];
  const names = Object.entries(engines).filter(([, abilities]) => !abilities[lacks]);
  return [`engine ${names.map(([name]) => `\`${name}\``).join(' or ')}`];
};

const engines = { 'claude-code': abilitiesFor('subscription'), 'anthropic-api': apiAbilities };

const sentenceCase = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const main = async (): Promise<void> => {
  const wanted = compatibilityMarkdown();
  if (!process.argv.includes('--check')) return writeFile(compatibilityFile, wanted);
  if ((await readFile(compatibilityFile, 'utf8')) === wanted) return undefined;
  console.error('docs/COMPATIBILITY.md is not what src/dialects says; run: node scripts/compatibility.ts');
  process.exitCode = 1;
  return undefined;
};

if (import.meta.main) await main();
