/** `usage`: what was used, by day, week, month, conversation or block of five hours. */
import { setTimeout as wait } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { askAdmin } from '../ask-admin.ts';
import { columns, print, printJson, styled } from '../output.ts';
import { serverAddress, type ServerAddress } from '../running-server.ts';

const figures = {
  requests: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWrite5mTokens: z.number(),
  cacheWrite1hTokens: z.number(),
  costUsd: z.number(),
  unpriced: z.number(),
};
const name = z.string().nullish();
const row = z.looseObject({
  ...figures,
  period: z.string().optional(),
  key: name,
  model: name,
  client: name,
  session: name,
  startsAt: z.number().optional(),
  active: z.boolean().optional(),
});
const answers = {
  totals: z.looseObject({ totals: z.array(row) }).transform(({ totals }) => totals),
  sessions: z.looseObject({ sessions: z.array(row) }).transform(({ sessions }) => sessions),
  blocks: z.looseObject({ blocks: z.array(row) }).transform(({ blocks }) => blocks),
};

const KINDS = ['daily', 'weekly', 'monthly', 'session', 'blocks'] as const;
type Kind = (typeof KINDS)[number];

interface Options {
  readonly url?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly by?: string;
  readonly key?: string;
  readonly from?: string;
}

export const addUsage = (program: Command): void => {
  program
    .command('usage')
    .description('what was used, at list price: by day, week, month, conversation or block of five hours')
    .addArgument(new Argument('[kind]', 'how it is summed').choices(KINDS).default('daily'))
    .option('--by <names>', 'split by key, model, client (comma-separated)', 'model')
    .option('--key <name>', 'of this key only')
    .option('--from <date>', 'from this day on: 2026-01-31')
    .option('--watch', 'print it again every few seconds')
    .option('--url <url>', 'address of the server')
    .option('--json', 'print JSON; with --watch one line each time')
    .action(async (kind: Kind, options: Options) => {
      const address = serverAddress(options.url);
      do {
        const rows = await read(address, kind, options);
        show(rows, options);
        if (options.watch === true) await wait(EVERY_MS);
      } while (options.watch === true);
    });
};

const EVERY_MS = 5_000;
const PERIODS: Partial<Record<Kind, string>> = { daily: 'day', weekly: 'week', monthly: 'month' };

type Row = z.output<typeof row>;

const read = async (
  address: ServerAddress,
  kind: Kind,
  { by = 'model', key, from }: Options,
): Promise<readonly Row[]> => {
  const query = new URLSearchParams({ ...(key !== undefined && { key }), ...(from !== undefined && { from }) });
  if (kind === 'session')
    return askAdmin(address, `/admin/usage/sessions?${query.toString()}`, { answer: answers.sessions });
  if (kind === 'blocks')
    return askAdmin(address, `/admin/usage/blocks?${query.toString()}`, { answer: answers.blocks });
  query.set('period', PERIODS[kind] ?? 'day');
  query.set('by', by);
  query.set('timeZone', Intl.DateTimeFormat().resolvedOptions().timeZone);
  return askAdmin(address, `/admin/usage?${query.toString()}`, { answer: answers.totals });
};

const show = (rows: readonly Row[], { json = false, watch = false }: Options): void => {
  if (json) {
    if (watch) print(JSON.stringify(rows));
    else printJson(rows);
    return;
  }
  if (watch && process.stdout.isTTY) process.stdout.write('\u001B[2J\u001B[H');
  if (rows.length === 0) print('Nothing has been asked yet.');
  else print(columns([HEAD.map((title) => styled('bold', title)), ...rows.map(cellsOf)]));
};

const HEAD = ['when', 'who', 'requests', 'input', 'output', 'cache read', 'cache write', 'list price'];

const cellsOf = (each: Row): string[] => [
  each.period ?? (each.startsAt === undefined ? '' : `${timeOf(each.startsAt)}${each.active === true ? ' now' : ''}`),
  [each.session, each.key, each.model, each.client].filter((text) => text != null).join(' ') || '-',
  String(each.requests),
  String(each.inputTokens),
  String(each.outputTokens),
  String(each.cacheReadTokens),
  String(each.cacheWrite5mTokens + each.cacheWrite1hTokens),
  // What nobody has a price for is not in the sum.
  `$${each.costUsd.toFixed(4)}${each.unpriced > 0 ? ` + ${each.unpriced} unpriced` : ''}`,
];

const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
