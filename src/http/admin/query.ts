/** Parses the queries of `/admin` strictly: an unknown name is an error, not ignored. */
import { z } from 'zod';
import { TurnError } from '../../turn/errors.ts';
import type { HttpContext } from '../context.ts';

/** Milliseconds since the Unix epoch, a date, or a date with a time. */
const time = z.union(
  [
    z
      .string()
      .regex(/^\d{1,15}$/u)
      .transform(Number),
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    z.iso.date().transform((text) => Date.parse(text)),
  ],
  'must be a date such as 2026-01-31, a date with time and zone, or milliseconds since 1970',
);
const name = z.string().max(300);
const count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/u, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(1).max(most));

const filter = {
  from: time.optional(),
  to: time.optional(),
  key: name.optional(),
  model: name.optional(),
  client: name.optional(),
  dialect: name.optional(),
  session: name.optional(),
  errorCode: name.optional(),
  status: z
    .string()
    .regex(/^\d{3}$/u, 'must be a status such as 429')
    .transform(Number)
    .optional(),
  outcome: z.enum(['ok', 'error']).optional(),
};

const dimension = z.enum(['key', 'model', 'client', 'dialect', 'session', 'errorCode', 'strategy']);

export const filterQuery = z.strictObject(filter);
export const usageQuery = z.strictObject({
  ...filter,
  period: z.enum(['day', 'week', 'month']).optional(),
  by: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(dimension))
    .optional(),
  timeZone: z.string().max(100).optional(),
});
export const sessionsQuery = z.strictObject({ ...filter, limit: count(1_000).default(100) });
export const requestsQuery = z.strictObject({
  ...filter,
  limit: count(500).default(50),
  cursor: z.string().max(300).optional(),
});
export const keysQuery = z.strictObject({ revoked: z.enum(['0', '1']).default('0') });

/** Throws `invalid_request` with the name at fault. */
export const queryOf = <Schema extends z.ZodType>(c: HttpContext, schema: Schema): z.output<Schema> => {
  const result = schema.safeParse(c.req.query());
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = unknown ?? issue?.path.join('.') ?? '';
  throw new TurnError('invalid_request', `${param}: ${unknown === undefined ? issue?.message : 'is not known here'}.`, {
    param,
  });
};
