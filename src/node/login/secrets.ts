/** Which values of the environment are secrets: what the server and Claude Code get as keys, tokens and passwords. */
import { decoded } from '../../util/decoded.ts';
import type { Environment } from '../config.ts';

const OWN = /^(PROXY|BOOTSTRAP|CLAUDE|ANTHROPIC|AWS|AZURE|GOOGLE|DATABASE)_/;
const SECRET = /(^|_)(KEY|TOKEN|SECRET|PASSWORD|CREDS)(_|$)/;

/** Who knows the address may call it. */
const SECRET_ADDRESS = /WEBHOOK/;
/** `OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20…,x-team=…`. */
const SECRET_HEADERS = /^OTEL_.*_HEADERS$/;

export const secretsOf = (env: Environment): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) => {
    const text = value?.trim() ?? '';
    if (text === '') return [];
    return [
      ...(OWN.test(name) && SECRET.test(name) ? partsOf(text) : []),
      ...(SECRET_ADDRESS.test(name) ? addressOf(text) : []),
      ...(SECRET_HEADERS.test(name) ? headersOf(text) : []),
      ...userInfoOf(text),
    ];
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
  return [url.password, decoded(url.password)];
};

/** Whole, and what follows the host by itself. */
const addressOf = (text: string): readonly string[] => {
  const url = URL.parse(text);
  return url === null ? [text] : [text, url.href, `${url.pathname}${url.search}`, url.pathname, url.search];
};

const headersOf = (text: string): readonly string[] =>
  text.split(',').flatMap((header) => {
    const value = header.slice(header.indexOf('=') + 1).trim();
    const plain = decoded(value);
    return [value, plain, ...plain.split(' ').slice(1)];
  });
