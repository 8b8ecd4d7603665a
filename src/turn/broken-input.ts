/**
 * A tool's input that is no JSON, as `max_tokens` leaves one behind. It is shown in the form that Anthropic documents
 * for it, and known by a symbol: a real argument may have the same name.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
 */
const RAW = Symbol('the text of a broken tool input');

interface BrokenInput {
  readonly INVALID_JSON: string;
  readonly [RAW]: string;
}

export const brokenInput = (text: string): BrokenInput => ({ INVALID_JSON: text, [RAW]: text });

/** The text of a broken input; undefined for one that is whole, whatever its members are called. */
export const brokenText = (input: unknown): string | undefined =>
  typeof input === 'object' && input !== null && RAW in input ? (input as BrokenInput)[RAW] : undefined;
