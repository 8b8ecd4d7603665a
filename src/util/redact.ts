/** Keeps known secrets out of what leaves the process: log lines, errors, health. */

export type Redact = (text: string) => string;

const MARK = '[redacted]';
/** A shorter one is also an ordinary word, and would make the log unreadable. */
const SHORTEST = 6;
/** Keys and tokens of Anthropic, and this server's own named keys, by their form: nobody here knows them all. */
const BY_FORM = String.raw`sk-ant-[\w-]{8,}|ocp_[\w-]{43}`;

/** Finds the secrets as they are, as JSON writes them, and as a URL does. */
export const createRedactor = (secrets: Iterable<string>): Redact => {
  const forms = [...secrets]
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  // The longest first: one secret may be the beginning of another.
  const known = [...new Set(forms)].toSorted((a, b) => b.length - a.length).map((form) => RegExp.escape(form));
  const anySecret = new RegExp([...known, BY_FORM].join('|'), 'g');
  return (text) => text.replace(anySecret, MARK);
};
