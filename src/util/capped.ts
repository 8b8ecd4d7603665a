/** Values for a log line, cut to a size that a log can take: a caller chooses how long its own texts are. */

const LONGEST_TEXT = 1_000;
const MOST_MEMBERS = 50;
const DEEPEST = 4;

/**
 * Long texts end with how long they were; of large and deep values the beginning is kept. Errors are left as they are.
 */
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
