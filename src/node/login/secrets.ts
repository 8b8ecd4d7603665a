/** Which values of the environment are secrets: what the server and Claude Code get as keys, tokens and passwords. */
import type { Environment } from '../config.ts';

const OWN = /^(PROXY|BOOTSTRAP|CLAUDE|ANTHROPIC|AWS|AZURE|GOOGLE|DATABASE)_/;
const SECRET = /(^|_)(KEY|TOKEN|SECRET|PASSWORD|CREDS)(_|$)/;

export const secretsOf = (env: Environment): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) => {
    const text = value?.trim() ?? '';
    if (text === '') return [];
    return [...(OWN.test(name) && SECRET.test(name) ? partsOf(text) : []), ...userInfoOf(text)];
  });

/** Several keys in a list, or the tokens in a credentials file. */
const partsOf = (text: string): readonly string[] => [
  text,
  ...text.split(',').map((part) => part.trim()),
  ...[...text.matchAll(/"(?:access|refresh)Token"\s*:\s*"([^"]+)"/g)].map(([, token = '']) => token),
];

/** The password in the address of a proxy or a database. */
const userInfoOf = (text: string): readonly string[] => {
  const url = URL.parse(text);
  if (url === null || url.password === '') return [];
  return [url.password, decodeURIComponent(url.password)];
};
