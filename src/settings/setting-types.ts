/** Parsers for the text of a setting. Each takes the string of an environment variable. */
import { z } from 'zod';

export const text = z.string();

/** Empty, or the address of a Postgres database. The error does not repeat it: it holds a password. */
export const postgresUrl = z
  .string()
  .refine((value) => value === '' || (/^postgres(ql)?:\/\//u.test(value) && URL.canParse(value)), {
    message: 'must look like postgres://user:password@host:5432/name',
  });

/** Nothing, or a web address; the message does not repeat it, since it may hold a secret. */
export const webAddress = z
  .string()
  .refine((value) => value === '' || (/^https?:\/\//u.test(value) && URL.canParse(value)), {
    message: 'must be an http or https address',
  });

export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
);

export const whole = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

/** A timer with a longer delay fires at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST_MS = 2 ** 31 - 1;

export const milliseconds = (min: number) => whole(min, LONGEST_MS);

export const seconds = (min: number) => whole(min, Math.floor(LONGEST_MS / 1000));

/** Seconds that may have a fraction. */
export const decimalSeconds = (min: number) => decimal(min, Math.floor(LONGEST_MS / 1000));

/** At most a hundred years, so that dates stay valid. */
export const days = (min: number) => whole(min, 36_500);

/** A number that may have a fraction. */
const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

export const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['1', 'true', 'yes', 'on', '0', 'false', 'no', 'off'], 'must be 1 or 0'))
  .transform((value) => ['1', 'true', 'yes', 'on'].includes(value));

export const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

/** `auto`, or a whole number. */
export const wholeOrAuto = (min: number) =>
  z.union([z.literal('auto'), whole(min)], `must be auto or a whole number of at least ${min}`);

/** `{"gpt-4o":"claude-…"}` or `gpt-4o=claude-…,o1=opus`. */
export const mapping = z.string().transform((value, context) => {
  const pairs = value.trimStart().startsWith('{') ? fromJson(value) : fromPairs(value);
  if (pairs !== undefined) return pairs;
  context.addIssue({ code: 'custom', message: 'must be name=model,name=model or a JSON object of strings' });
  return z.NEVER;
});

const fromJson = (value: string): Readonly<Record<string, string>> | undefined => {
  try {
    const parsed = z.record(z.string(), z.string()).safeParse(JSON.parse(value));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};

const fromPairs = (value: string): Readonly<Record<string, string>> | undefined => {
  const pairs = value
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => pair.split('='));
  const complete = pairs.every(([name, model, ...rest]) => name?.trim() && model?.trim() && rest.length === 0);
  return complete ? Object.fromEntries(pairs.map(([name, model]) => [name?.trim(), model?.trim()])) : undefined;
};
