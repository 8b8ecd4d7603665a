/** Removes known secrets from everything that leaves the process: log lines, errors, health. */

export type Redact = (text: string) => string;

const MARK = '[redacted]';
/** A shorter one may be an ordinary word, and removing it would make the log unreadable. */
const SHORTEST = 6;
/**
 * Keys and tokens of Anthropic, and this server's named keys, recognised by their form because their values are not
 * known here.
 */
const BY_FORM = String.raw`sk-ant-[\w-]{8,}|ocp_[\w-]{43}`;

/** Finds secrets in plain form, escaped in JSON, and encoded in a URL. */
export const createRedactor = (secrets: Iterable<string>): Redact => {
  const forms = [...secrets]
    .filter((secret) => secret.length >= SHORTEST)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  // Longest first: one secret may be the beginning of another.
  const known = [...new Set(forms)].toSorted((a, b) => b.length - a.length).map((form) => RegExp.escape(form));
  const anySecret = new RegExp([...known, BY_FORM].join('|'), 'g');
  return (text) => text.replace(anySecret, MARK);
};
