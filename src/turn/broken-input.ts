/**
 * A tool input that is not valid JSON, as `max_tokens` can leave it. It has the form that Anthropic documents for it,
 * and is marked by a symbol, because a real argument may have the same name.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
 */
const RAW = Symbol('the text of a broken tool input');

interface BrokenInput {
  readonly INVALID_JSON: string;
  readonly [RAW]: string;
}

export const brokenInput = (text: string): BrokenInput => ({ INVALID_JSON: text, [RAW]: text });

/** The text of a broken input; undefined for a valid one, whatever its members are called. */
export const brokenText = (input: unknown): string | undefined =>
  typeof input === 'object' && input !== null && RAW in input ? (input as BrokenInput)[RAW] : undefined;
