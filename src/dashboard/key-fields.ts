/** The fields of a key as a form has them, and back. Pure; what the values may be, `access/named-keys.ts` says. */
import type { NamedKey } from '../access/named-keys.ts';
import { TurnError } from '../turn/errors.ts';
import { LIMIT_NAMES } from './pages/limits.ts';

/** What stands in the form, by the name of the field. */
export type FieldValues = Readonly<Record<string, string>>;

export const LIMIT_FIELDS = Object.keys(LIMIT_NAMES) as readonly (keyof typeof LIMIT_NAMES)[];

const SHARE_PREFIX = 'planShare.';

export const fieldsOfKey = (key: NamedKey): FieldValues => ({
  name: key.name,
  role: key.role,
  ...Object.fromEntries(LIMIT_FIELDS.map((limit) => [limit, String(key.limits[limit] ?? '')])),
  ...Object.fromEntries(
    Object.entries(key.limits.planShare ?? {}).map(([window, share]) => [
      `${SHARE_PREFIX}${window}`,
      String(Math.round(share * 100_000) / 1000),
    ]),
  ),
  allowedModels: (key.allowedModels ?? []).join('\n'),
  aliases: Object.entries(key.aliases)
    .map(([name, model]) => `${name} = ${model}`)
    .join('\n'),
  expiresOn: key.expiresAt === undefined ? '' : dayOf(key.expiresAt),
});

export const fieldsOfForm = (form: URLSearchParams): FieldValues => Object.fromEntries(form);

/** The names of the plan's windows for which a form has a field. */
export const windowsOf = (fields: FieldValues): readonly string[] =>
  Object.keys(fields)
    .filter((name) => name.startsWith(SHARE_PREFIX))
    .map((name) => name.slice(SHARE_PREFIX.length));

/**
 * The settings as the HTTP API takes them. `before`: the key that is changed; a date that stands there as it was shown
 * stays to the second. Throws `invalid_request` with the field at fault.
 */
export const settingsOf = (fields: FieldValues, before?: NamedKey): object => {
  const shares = windowsOf(fields).flatMap((window) => {
    const share = numberOf(`${SHARE_PREFIX}${window}`, fields);
    return share === undefined ? [] : [[window, Math.round(share * 1000) / 100_000] as const];
  });
  const limits = LIMIT_FIELDS.flatMap((limit) => {
    const value = numberOf(limit, fields);
    return value === undefined ? [] : [[limit, value] as const];
  });
  const allowed = linesOf(fields['allowedModels']);
  return {
    name: fields['name'] ?? '',
    role: fields['role'] ?? 'user',
    limits: { ...Object.fromEntries(limits), ...(shares.length > 0 && { planShare: Object.fromEntries(shares) }) },
    allowedModels: allowed.length === 0 ? null : allowed,
    aliases: Object.fromEntries(linesOf(fields['aliases']).map(aliasOf)),
    expiresAt: expiryOf(fields['expiresOn'] ?? '', before?.expiresAt),
  };
};

/** The field of the form that an error of the API is about. */
export const fieldOfParam = (param: string | undefined): string | undefined => {
  const path = param?.replace(/^limits\./u, '');
  if (path === undefined) return undefined;
  if (path.startsWith(SHARE_PREFIX)) return path;
  const first = path.split('.')[0] ?? '';
  return first === 'expiresAt' ? 'expiresOn' : first;
};

const numberOf = (name: string, fields: FieldValues): number | undefined => {
  const text = (fields[name] ?? '').trim();
  if (text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw wrong(name, 'This must be a number.');
  if (value <= 0) throw wrong(name, 'This must be more than nothing. Leave it empty for no limit.');
  if (name.startsWith(SHARE_PREFIX) && value > 100) throw wrong(name, 'A share is at most 100 %.');
  if (!name.startsWith('usd') && !name.startsWith(SHARE_PREFIX) && !Number.isInteger(value))
    throw wrong(name, 'This must be a whole number.');
  return value;
};

const linesOf = (text = ''): readonly string[] =>
  text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== '');

const aliasOf = (line: string): readonly [string, string] => {
  const [name = '', model = '', ...more] = line.split('=').map((part) => part.trim());
  if (name === '' || model === '' || more.length > 0)
    throw wrong('aliases', 'Each line must be a name, an equals sign and a model: fast = haiku.');
  return [name, model];
};

/** A key works to the end of its last day, in UTC. */
const expiryOf = (day: string, before: number | undefined): string | number | null => {
  if (day === '') return null;
  if (before !== undefined && dayOf(before) === day) return before;
  if (!/^\d{4}-\d\d-\d\d$/u.test(day) || Number.isNaN(Date.parse(day)))
    throw wrong('expiresOn', 'This must be a date such as 2027-01-31.');
  return `${day}T23:59:59Z`;
};

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const wrong = (field: string, message: string): TurnError =>
  new TurnError('invalid_request', message, { param: field });
