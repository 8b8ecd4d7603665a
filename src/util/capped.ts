/** Shortens values for the log: callers choose the length of their own texts. */

const LONGEST_TEXT = 1_000;
const MOST_MEMBERS = 50;
const DEEPEST = 4;

/** A long text ends with its length; of large and deep values the beginning is kept. Errors stay as they are. */
export const capped = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return cappedText(value);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth === DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, MOST_MEMBERS).map((item) => capped(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_MEMBERS)
      .map(([name, member]) => [cappedText(name), capped(member, depth + 1)]),
  );
};

export const cappedText = (text: string): string =>
  text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
