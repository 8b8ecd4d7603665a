/** `keys`: named keys of a running server. */
import type { Command } from 'commander';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { askAdmin } from '../ask-admin.ts';
import { columns, print, printJson, styled } from '../output.ts';
import { serverAddress, type ServerAddress } from '../running-server.ts';

const key = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  hint: z.string(),
  limits: z.record(z.string(), z.unknown()),
  expiresAt: z.number().optional(),
  revokedAt: z.number().optional(),
});
const keyList = z.looseObject({ keys: z.array(key) });
const made = z.looseObject({ secret: z.string(), key });
const changed = z.looseObject({ key });

interface Common {
  readonly url?: string;
  readonly json?: boolean;
}

export const addKeys = (program: Command): void => {
  const keys = program.command('keys').description('make, limit and revoke the named keys of a running server');
  withSettings(keys.command('add <name>').description('make a key; it is shown this once'))
    .option('--admin', 'give it the role admin')
    .action(async (name: string, options: Settings & Common & { admin?: boolean }) => {
      const body = { name, ...settingsOf(options), ...(options.admin === true && { role: 'admin' }) };
      const answer = await askAdmin(serverAddress(options.url), '/admin/keys', { answer: made, method: 'POST', body });
      if (options.json === true) return printJson(answer);
      return print(`${answer.secret}\n\nIt is not shown again. Clients send it in place of PROXY_API_KEY.`);
    });
  common(keys.command('list').description('list the keys, with their limits'))
    .option('--revoked', 'list revoked keys too')
    .action(async ({ url, json, revoked = false }: Common & { revoked?: boolean }) => {
      const { keys: found } = await askAdmin(serverAddress(url), `/admin/keys?revoked=${revoked ? 1 : 0}`, {
        answer: keyList,
      });
      if (json === true) return printJson(found);
      if (found.length === 0)
        return print('There is no named key yet. Make one: opencode-claude-proxy keys add <name>');
      const head = ['name', 'key', 'role', 'limits', 'state'].map((title) => styled('bold', title));
      return print(columns([head, ...found.map(rowOf)]));
    });
  withSettings(keys.command('limit <name>').description('change the limits of a key; they hold at once'))
    .option('--none', 'take all limits away first')
    .action(async (name: string, options: Settings & Common & { none?: boolean }) => {
      const address = serverAddress(options.url);
      const { id, limits: before } = await find(address, name);
      const { limits = {}, ...settings } = settingsOf(options);
      const body = { ...settings, limits: { ...(options.none === true ? {} : before), ...limits } };
      const answer = await askAdmin(address, `/admin/keys/${id}`, { answer: changed, method: 'PATCH', body });
      if (options.json === true) return printJson(answer.key);
      return print(`${answer.key.name}: ${limitsOf(answer.key)}`);
    });
  common(keys.command('revoke <name>').description('refuse a key from now on')).action(
    async (name: string, { url, json }: Common) => {
      const address = serverAddress(url);
      const { id } = await find(address, name);
      const answer = await askAdmin(address, `/admin/keys/${id}`, { answer: z.looseObject({}), method: 'DELETE' });
      if (json === true) return printJson(answer);
      return print(`${name} is revoked.`);
    },
  );
};

const common = (command: Command): Command =>
  command.option('--url <url>', 'address of the server').option('--json', 'print JSON');

interface Settings {
  readonly requestsPerMinute?: number;
  readonly turnsAtOnce?: number;
  readonly tokensPerDay?: number;
  readonly tokensPerMonth?: number;
  readonly usdPerDay?: number;
  readonly usdPerMonth?: number;
  readonly planShare?: Record<string, number>;
  readonly models?: string;
  readonly expires?: string;
}

const withSettings = (command: Command): Command =>
  common(command)
    .option('--requests-per-minute <n>', 'requests a minute', numberOf)
    .option('--turns-at-once <n>', 'turns at once', numberOf)
    .option('--tokens-per-day <n>', 'tokens a day', numberOf)
    .option('--tokens-per-month <n>', 'tokens a month', numberOf)
    .option('--usd-per-day <n>', 'dollars a day, at list price', numberOf)
    .option('--usd-per-month <n>', 'dollars a month, at list price', numberOf)
    .option('--plan-share <window=share>', 'part of a window of the plan: five_hour=0.3; again for others', sharesOf)
    .option('--models <models>', 'models it may ask for, comma-separated: haiku,claude-sonnet-*')
    .option('--expires <date>', 'when it ends: 2027-01-31T00:00:00Z');

const LIMITS = [
  'requestsPerMinute',
  'turnsAtOnce',
  'tokensPerDay',
  'tokensPerMonth',
  'usdPerDay',
  'usdPerMonth',
  'planShare',
] as const;

const settingsOf = (options: Settings) => {
  const limits = Object.fromEntries(
    LIMITS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
  const models = options.models?.split(',').map((model) => model.trim());
  return {
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(models !== undefined && { allowedModels: models }),
    ...(options.expires !== undefined && { expiresAt: options.expires }),
  };
};

const numberOf = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new CliError(`${text} is no number above 0.`, 2);
  return value;
};

const sharesOf = (text: string, before: Record<string, number> = {}): Record<string, number> => {
  const [window = '', share = ''] = text.split('=');
  return { ...before, [window]: numberOf(share) };
};

/** By name or id. */
const find = async (address: ServerAddress, name: string): Promise<z.output<typeof key>> => {
  const { keys: all } = await askAdmin(address, '/admin/keys', { answer: keyList });
  const found = all.find((each) => each.id === name || each.name === name);
  if (found === undefined)
    throw new CliError(`There is no key named ${name}. opencode-claude-proxy keys list shows all.`);
  return found;
};

const rowOf = (each: z.output<typeof key>): string[] => [
  each.name,
  `…${each.hint}`,
  each.role,
  limitsOf(each),
  stateOf(each),
];

const limitsOf = ({ limits }: z.output<typeof key>): string =>
  Object.entries(limits)
    .map(([name, limit]) => `${name} ${JSON.stringify(limit)}`)
    .join(', ') || 'no limits';

const stateOf = ({ revokedAt, expiresAt }: z.output<typeof key>): string => {
  if (revokedAt !== undefined) return `revoked ${new Date(revokedAt).toISOString()}`;
  return expiresAt === undefined ? 'in use' : `until ${new Date(expiresAt).toISOString()}`;
};
