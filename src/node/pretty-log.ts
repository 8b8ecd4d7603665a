/** Log lines for people: one short line a request, colours where the terminal shows them. */
import { styleText } from 'node:util';
import { prettyFactory } from 'pino-pretty';

type Fields = Readonly<Record<string, unknown>>;

export interface PrettyOptions {
  readonly colours: boolean;
}

/** From a JSON line of the log to what is shown in its place. */
export const prettyLine = ({ colours }: PrettyOptions): ((line: string) => string) => {
  const common = { colorize: colours, colorizeObjects: false, customColors: COLOURS, translateTime: 'SYS:HH:MM:ss' };
  const others = prettyFactory({ ...common, singleLine: true });
  const requests = prettyFactory({
    ...common,
    hideObject: true,
    messageFormat: (fields) => requestLine(fields, colours),
  });
  return (line) => {
    const fields = parsed(line);
    if (fields === undefined) return line;
    return fields['msg'] === 'request' ? requests(fields) : others(fields);
  };
};

const COLOURS = 'message:reset,fatal:red,error:red,warn:yellow,info:green,debug:blue,trace:gray';

const parsed = (line: string): Fields | undefined => {
  try {
    return harmless(JSON.parse(line)) as Fields;
  } catch {
    return undefined;
  }
};

/** A client's own words must not steer a terminal; lines of a stack stay lines. */
const harmless = (value: unknown, name = ''): unknown => {
  if (typeof value === 'string') return value.replaceAll(name === 'stack' ? NOT_SHOWN_IN_STACKS : NOT_SHOWN, '?');
  if (Array.isArray(value)) return value.map((each) => harmless(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.replaceAll(NOT_SHOWN, '?'), harmless(member, key)]),
  );
};

const NOT_SHOWN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const NOT_SHOWN_IN_STACKS = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const requestLine = (fields: Fields, colours: boolean): string => {
  const styled = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const status = Number(fields['status']);
  const failed = fields['error'] !== undefined || status >= 400;
  const parts = [
    styled(failed ? 'red' : 'green', String(status)),
    `${text('method')} ${text('path')}`,
    styled('cyan', text('key') ?? '-'),
    text('client'),
    modelOf(text('asked'), text('model')),
    text('strategy'),
    ...(fields['outputTokens'] === undefined ? [] : [tokensOf(fields), costOf(fields['costUsd'])]),
    `${text('ms')} ms`,
    failed
      ? styled('red', [text('error'), text('message')].filter((each) => each !== undefined).join(': '))
      : undefined,
  ];
  return parts.filter((part) => part !== undefined && part !== '').join('  ');
};

const modelOf = (asked: string | undefined, model: string | undefined): string | undefined =>
  asked === undefined || model === undefined || asked === model ? (model ?? asked) : `${asked} → ${model}`;

const tokensOf = (fields: Fields): string => {
  const count = (name: string): number => Number(fields[name] ?? 0);
  const input = count('inputTokens') + count('cacheReadTokens') + count('cacheWriteTokens');
  return `${input} → ${count('outputTokens')} tokens`;
};

const costOf = (usd: unknown): string => (typeof usd === 'number' ? `$${usd.toFixed(4)}` : 'price unknown');
