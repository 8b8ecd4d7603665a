/**
 * Custom tools take raw text, which the Messages API does not support: each is offered as a function with one string
 * parameter, whose value is the text.
 */
import { brokenInput, brokenText } from '../../turn/broken-input.ts';
import type { FunctionDefinition } from './tools.ts';

export interface CustomTool {
  readonly description?: string | null | undefined;
  readonly format?:
    | { readonly type: 'text' }
    | { readonly type: 'grammar'; readonly syntax: string; readonly definition: string }
    | null
    | undefined;
}

/** The one parameter of such a function. */
const INPUT = 'input';

export const customAsFunction = (tool: CustomTool, name: string): FunctionDefinition => ({
  name,
  description: [tool.description ?? '', ruleOf(tool)].filter((text) => text !== '').join('\n\n'),
  parameters: {
    type: 'object',
    properties: { [INPUT]: { type: 'string', description: 'The whole input of this tool, as raw text.' } },
    required: [INPUT],
    additionalProperties: false,
  },
});

const ruleOf = ({ format }: CustomTool): string =>
  format?.type === 'grammar' ? `The text must match this grammar (${format.syntax}):\n${format.definition}` : '';

export const customInput = (text: string): object => ({ [INPUT]: text });

/** The raw text of a call; an input in another form is returned unchanged. */
export const textOfInput = (input: unknown): string => {
  const text = typeof input === 'object' && input !== null && INPUT in input ? input[INPUT] : undefined;
  if (typeof text === 'string') return text;
  const json = rawJson(input);
  return new CustomInputReader().add(json) || json;
};

/** The same for an input as JSON text, which may be cut off. */
export const textOfJson = (json: string): string => {
  try {
    return textOfInput(JSON.parse(json));
  } catch {
    return textOfInput(brokenInput(json));
  }
};

/** An input that was cut off by max_tokens is returned as the text so far. */
export const rawJson = (input: unknown): string => brokenText(input) ?? JSON.stringify(input ?? {});

/** Extracts the text from a custom tool's JSON input while the JSON is still streaming. */
export class CustomInputReader {
  #json = '';
  /** How many characters of the JSON have been read. */
  #read = 0;
  #state: 'before' | 'inside' | 'other' | 'after' = 'before';

  /** The next piece of text; empty where the JSON has another form, whose text `textOfInput` returns at the end. */
  add(json: string): string {
    this.#json += json;
    if (this.#state === 'before') this.#enter();
    return this.#state === 'inside' ? this.#text() : '';
  }

  #enter(): void {
    const head = /^\s*\{\s*"input"\s*:\s*"/u.exec(this.#json);
    if (head !== null) {
      this.#state = 'inside';
      this.#read = head[0].length;
    } else if (!couldBecomeHead(this.#json)) this.#state = 'other';
  }

  #text(): string {
    let text = '';
    for (;;) {
      const next = characterAt(this.#json, this.#read);
      if (next === 'end') this.#state = 'after';
      if (next === 'end' || next === 'more') return text;
      text += next.text;
      this.#read += next.length;
    }
  }
}

/** Matches an incomplete `{"input":"`. */
const couldBecomeHead = (json: string): boolean => /^\s*(?:\{\s*(?:"i?n?p?u?t?|"input"\s*(?::\s*)?)?)?$/u.test(json);

interface Character {
  readonly text: string;
  /** Its length in the JSON. */
  readonly length: number;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** `more`: the next character is incomplete. Surrogate pairs stay together, so that no event has half a character. */
const characterAt = (json: string, at: number): Character | 'more' | 'end' => {
  const first = json[at];
  if (first === undefined) return 'more';
  if (first === '"') return 'end';
  if (first !== '\\') return { text: first, length: 1 };
  const escape = json[at + 1];
  if (escape === undefined) return 'more';
  if (escape !== 'u') return { text: ESCAPES[escape] ?? escape, length: 2 };
  if (json.length < at + 6) return 'more';
  const unit = unitAt(json, at);
  if (unit < 0xd800 || unit > 0xdbff) return { text: String.fromCharCode(unit), length: 6 };
  if (json.length < at + 12 && json.slice(at + 6, at + 8) === '\\u'.slice(0, json.length - at - 6)) return 'more';
  const low = json.startsWith('\\u', at + 6) ? unitAt(json, at + 6) : 0;
  if (low < 0xdc00 || low > 0xdfff) return { text: String.fromCharCode(unit), length: 6 };
  return { text: String.fromCharCode(unit, low), length: 12 };
};

const unitAt = (json: string, at: number): number => Number.parseInt(json.slice(at + 2, at + 6), 16);
