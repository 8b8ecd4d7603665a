/**
 * Whether the results that a request brings can answer the waiting calls of a suspended turn
 * without the CLI altering them. Pure; the limits were measured (see the comments).
 */
import type { ContentBlock } from '../../../turn/turn.ts';
import { staysExact } from './images.ts';

type ToolResult = Extract<ContentBlock, { type: 'tool_result' }>;

/** A result as MCP has it. */
export interface McpResult {
  content: ({ type: 'text'; text: string } | { type: 'image'; data: string; mimeType: string })[];
  isError: boolean;
  [key: string]: unknown;
}

export type Answer =
  | { readonly kind: 'exact'; readonly results: ReadonlyMap<string, McpResult> }
  | { readonly kind: 'replay'; readonly reason: string };

/** The CLI cuts an error at 10,000 characters, and replaces results over 390 KB by a file reference. */
const MAX_ERROR_CHARS = 8_000;
const MAX_RESULT_CHARS = 256 * 1024;

export const answerSuspended = (content: readonly ContentBlock[], pending: ReadonlySet<string>): Answer => {
  const results = content.filter((block) => block.type === 'tool_result');
  if (results.length !== content.length) return { kind: 'replay', reason: 'mixed with new user content' };
  const answered = new Set(results.map((result) => result.tool_use_id));
  if (answered.size !== results.length) return { kind: 'replay', reason: 'two results for one call' };
  if (answered.symmetricDifference(pending).size > 0)
    return { kind: 'replay', reason: 'not the results of just the waiting calls' };

  const exact = new Map<string, McpResult>();
  for (const result of results) {
    const converted = toMcp(result);
    if (typeof converted === 'string') return { kind: 'replay', reason: converted };
    exact.set(result.tool_use_id, converted);
  }
  return { kind: 'exact', results: exact };
};

/** The MCP form, or in words why the CLI would alter it on its way to the model. */
const toMcp = ({ content: given, is_error }: ToolResult): McpResult | string => {
  const parts = typeof given === 'string' ? [{ type: 'text' as const, text: given }] : (given ?? []);
  const content: McpResult['content'] = [];
  for (const part of parts) {
    if (part.type === 'text') content.push({ type: 'text', text: part.text });
    else if (part.type === 'image' && part.source.type === 'base64') {
      if (!staysExact(part.source.data, part.source.media_type)) return 'a large image';
      content.push({ type: 'image', data: part.source.data, mimeType: part.source.media_type });
    } else return `a result with a ${part.type} block that MCP cannot carry`;
  }
  const isError = is_error ?? false;
  const texts = content.filter((part) => part.type === 'text');
  const size = texts.reduce((sum, { text }) => sum + text.length, 0);
  // The CLI writes "(… completed with no output)" in place of an empty result.
  if (texts.some(({ text }) => text.trim() === '') || content.length === 0) return 'an empty result';
  if (isError && (texts.length !== 1 || content.length !== 1 || size > MAX_ERROR_CHARS))
    return 'an error that is long or not one text';
  // The CLI trims the text of an error.
  if (isError && texts.some(({ text }) => text !== text.trim())) return 'an error with white space around it';
  if (size > MAX_RESULT_CHARS) return 'a large result';
  return { content, isError };
};
