/** Refuses what the Messages API refuses, in its words: each check throws a 400, 404 or nothing. */
import { abilitiesOf, familyOf } from '../models/catalog.ts';
import { blocksOf, DemoError, invalid, type DemoMessage, type DemoRequestBody, type RequestBlock } from './answer.ts';
import { checkSettings } from './validate-settings.ts';

/** Gives the body back, typed, when the API would accept it. `max_tokens` is not needed to count tokens. */
export const validate = (body: unknown, { counting = false }: { counting?: boolean } = {}): DemoRequestBody => {
  if (!isObject(body)) throw invalid('Input should be a valid dictionary');
  checkFields(body, counting);
  const request = body as unknown as DemoRequestBody;
  checkModel(request.model);
  for (const [index, message] of request.messages.entries()) checkMessage(message, index, request.messages.length);
  checkToolPairs(request.messages);
  checkTools(request);
  if (!counting) checkSettings(request);
  checkEnd(request);
  return request;
};

const FIELDS = new Set(
  (
    'model messages max_tokens system stream tools tool_choice stop_sequences temperature top_p top_k metadata ' +
    'thinking output_config ' +
    'output_format service_tier context_management container mcp_servers cache_control diagnostics inference_geo ' +
    'speed user_profile_id ' +
    'workspace_id thread billing_policy compaction fallback_credit_token fallbacks'
  ).split(' '),
);

const COUNTED_FIELDS = new Set(
  (
    'model messages system tools tool_choice thinking output_config cache_control speed ' +
    'context_management mcp_servers user_profile_id workspace_id'
  ).split(' '),
);

const checkFields = (body: Record<string, unknown>, counting: boolean): void => {
  const required = ['model', 'messages', ...(counting ? [] : ['max_tokens'])];
  for (const field of required) if (body[field] === undefined) throw invalid(`${field}: Field required`);
  if (typeof body['model'] !== 'string' || body['model'] === '') throw invalid('model: Input should be a valid string');
  if (!Array.isArray(body['messages'])) throw invalid('messages: Input should be a valid list');
  if (body['messages'].length === 0) throw invalid('messages: at least one message is required');
  if (!counting && !(Number.isInteger(body['max_tokens']) && (body['max_tokens'] as number) >= 1)) {
    throw invalid('max_tokens: Input should be greater than or equal to 1');
  }
  const known = counting ? COUNTED_FIELDS : FIELDS;
  for (const field of Object.keys(body))
    if (!known.has(field)) throw invalid(`${field}: Extra inputs are not permitted`);
  if (body['system'] !== undefined && typeof body['system'] !== 'string' && !Array.isArray(body['system'])) {
    throw invalid('system: Input should be a valid list');
  }
};

const checkModel = (model: string): void => {
  if (!model.startsWith('claude-') || familyOf(model) === undefined)
    throw new DemoError({ status: 404, type: 'not_found_error', message: `model: ${model}` });
};

/**
 * Claude Code sets the effort by a system message without content:
 * https://platform.claude.com/docs/en/build-with-claude/effort-per-message
 */
const MESSAGE_FIELDS = {
  user: ['role', 'content'],
  assistant: ['role', 'content'],
  system: ['role', 'content', 'output_config', 'clear_at'],
};

const checkMessage = (message: unknown, index: number, count: number): void => {
  const path = `messages.${index}`;
  if (!isObject(message)) throw invalid(`${path}: Input should be a valid dictionary`);
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw invalid(`${path}.role: Input should be 'user' or 'assistant'`);
  if (role === 'system' && index === 0)
    throw invalid(`${path}.role: the first message must use the user role; use the top-level \`system\` parameter`);
  for (const field of Object.keys(message))
    if (!MESSAGE_FIELDS[role].includes(field)) throw invalid(`${path}.${field}: Extra inputs are not permitted`);
  if (typeof content !== 'string' && !Array.isArray(content))
    throw invalid(`${path}.content: Input should be a valid list`);
  const mayBeEmpty =
    (role === 'assistant' && index === count - 1) || (role === 'system' && message['output_config'] !== undefined);
  if (content.length === 0 && !mayBeEmpty)
    throw invalid(`${path}: all messages must have non-empty content except for the optional final assistant message`);
  if (role === 'user' && typeof content === 'string' && content.trim() === '') throw blank();
  if (Array.isArray(content))
    for (const [position, block] of content.entries()) checkBlock(block, `${path}.content.${position}`, role);
};

const blank = (): DemoError => invalid('messages: text content blocks must contain non-whitespace text');

const ID = /^[a-zA-Z0-9_-]+$/;

const checkBlock = (block: unknown, path: string, role: string): void => {
  if (!isObject(block)) throw invalid(`${path}: Input should be a valid dictionary`);
  const { type } = block;
  if (typeof type !== 'string') throw invalid(`${path}.type: Field required`);
  if (type === 'text' && typeof block['text'] !== 'string') throw invalid(`${path}.text: Field required`);
  if (type === 'text' && block['text'] === '') throw invalid('messages: text content blocks must be non-empty');
  if (type === 'text' && role === 'user' && (block['text'] as string).trim() === '') throw blank();
  if (type === 'tool_use') {
    checkId(block['id'], `${path}.tool_use.id`);
    if (!isObject(block['input'])) throw invalid(`${path}.tool_use.input: Input should be a valid dictionary`);
    if (role !== 'assistant') throw invalid(`${path}: \`tool_use\` blocks can only be in \`assistant\` messages`);
  }
  if (type === 'tool_result') {
    checkId(block['tool_use_id'], `${path}.tool_result.tool_use_id`);
    if (role !== 'user') throw invalid(`${path}: \`tool_result\` blocks can only be in \`user\` messages`);
    const { content } = block;
    if (Array.isArray(content))
      for (const [at, part] of content.entries()) checkBlock(part, `${path}.tool_result.content.${at}`, role);
  }
  if (type === 'image') checkImage(block['source'], `${path}.image.source`);
};

/** How images of each type begin, in base64. */
const SIGNATURES = { 'image/png': 'iVBOR', 'image/jpeg': '/9j/', 'image/gif': 'R0lGOD', 'image/webp': 'UklGR' };

const checkImage = (source: unknown, path: string): void => {
  if (!isObject(source) || source['type'] !== 'base64') return;
  const { media_type: type, data } = source;
  const real = Object.entries(SIGNATURES).find(([, start]) => String(data).startsWith(start))?.[0];
  if (real === undefined || real === type) return;
  throw invalid(
    `${path}.base64: The image was specified using the ${String(type)} media type, but the image appears to be a ` +
      `${real} image`,
  );
};

const checkId = (id: unknown, path: string): void => {
  if (typeof id !== 'string') throw invalid(`${path}: Field required`);
  if (!ID.test(id)) throw invalid(`${path}: String should match pattern '^[a-zA-Z0-9_-]+$'`);
};

interface Turn {
  readonly role: string;
  readonly blocks: readonly { readonly block: RequestBlock; readonly path: string; readonly index: number }[];
}

/** Messages of one role that follow one another count as one; system messages between do not part them. */
const mergeTurns = (messages: readonly DemoMessage[]): readonly Turn[] => {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === 'system') continue;
    const blocks = blocksOf(message).map((block, position) => ({
      block,
      index,
      path: `messages.${index}.content.${position}`,
    }));
    const last = turns.at(-1);
    if (last?.role === message.role) turns[turns.length - 1] = { role: last.role, blocks: [...last.blocks, ...blocks] };
    else turns.push({ role: message.role, blocks });
  }
  return turns;
};

const checkToolPairs = (messages: readonly DemoMessage[]): void => {
  const turns = mergeTurns(messages);
  const seen = new Set<string>();
  for (const [position, turn] of turns.entries()) {
    const called = idsOf(turns[position - 1], 'tool_use');
    checkUnexpected(turn, called);
    for (const { id } of idsOf(turn, 'tool_use')) {
      if (seen.has(id)) throw invalid('messages: `tool_use` ids must be unique');
      seen.add(id);
    }
    checkMissing(turn, turns[position + 1]);
  }
};

const idsOf = (
  turn: Turn | undefined,
  type: 'tool_use' | 'tool_result',
): readonly { id: string; path: string; index: number }[] =>
  (turn?.blocks ?? [])
    .filter(({ block }) => block.type === type)
    .map(({ block, path, index }) => ({ id: (type === 'tool_use' ? block.id : block.tool_use_id) ?? '', path, index }));

const checkUnexpected = (turn: Turn, called: readonly { id: string }[]): void => {
  const answered = new Set<string>();
  for (const { id, path, index } of idsOf(turn, 'tool_result')) {
    if (!called.some((call) => call.id === id)) {
      throw invalid(
        `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block ` +
          `must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    if (answered.has(id))
      throw invalid(
        `messages.${index}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with ` +
          `id: ${id}`,
      );
    answered.add(id);
  }
};

/** Results must come first in the next message: text before them counts as their absence. */
const checkMissing = (turn: Turn, next: Turn | undefined): void => {
  const blocks = next?.blocks ?? [];
  const firstOther = blocks.findIndex(({ block }) => block.type !== 'tool_result');
  const leading = new Set(
    blocks.slice(0, firstOther === -1 ? undefined : firstOther).map(({ block }) => block.tool_use_id),
  );
  const missing = idsOf(turn, 'tool_use').filter(({ id }) => !leading.has(id));
  if (missing.length === 0) return;
  throw invalid(
    `messages.${missing[0]?.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
      `${missing.map(({ id }) => id).join(', ')}. ` +
      'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  );
};

const checkTools = ({ tools = [], tool_choice: choice }: DemoRequestBody): void => {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name))
      throw invalid(`tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    if (names.has(tool.name)) throw invalid('tools: Tool names must be unique.');
    names.add(tool.name);
    const isCustom = tool.type === undefined || tool.type === 'custom';
    if (isCustom && !isObject(tool.input_schema)) throw invalid(`tools.${index}.custom.input_schema: Field required`);
    if (isCustom && (tool.input_schema as { type?: unknown }).type !== 'object')
      throw invalid(`tools.${index}.custom.input_schema.type: Input should be 'object'`);
  }
  if (choice === undefined) return;
  if (!['auto', 'any', 'tool', 'none'].includes(choice.type))
    throw invalid("tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'");
  if (choice.type !== 'none' && tools.length === 0)
    throw invalid('tool_choice: may only be specified while providing tools');
  if (choice.type === 'tool' && !names.has(choice.name ?? ''))
    throw invalid(`Tool '${choice.name}' not found in provided tools`);
};

const checkEnd = ({ messages, model }: DemoRequestBody): void => {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return;
  // An answer that was paused in a tool of the API goes on in every model.
  const paused = blocksOf(last).some(({ type }) => type === 'server_tool_use');
  if (!paused && !abilitiesOf(model).prefill)
    throw invalid(
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  const text = blocksOf(last).at(-1)?.text;
  if (text !== undefined && text !== text.trimEnd())
    throw invalid('messages: final assistant content cannot end with trailing whitespace');
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
