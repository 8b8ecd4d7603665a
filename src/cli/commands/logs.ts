/** `logs`: the requests of a running server, one short line each. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { askAdmin } from '../ask-admin.ts';
import { print, styled } from '../output.ts';
import { serverAddress, type ServerAddress } from '../running-server.ts';

const request = z.looseObject({
  id: z.string(),
  at: z.number(),
  endpoint: z.string(),
  status: z.number(),
  durationMs: z.number(),
  model: z.string().optional(),
  modelAsked: z.string().optional(),
  key: z.looseObject({ name: z.string() }).optional(),
  client: z.looseObject({ name: z.string().optional() }),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  tokens: z.looseObject({ input: z.number(), output: z.number() }),
  cost: z.looseObject({ usd: z.union([z.number(), z.string()]) }),
});
const page = z.looseObject({ requests: z.array(request) });

type Request = z.output<typeof request>;

interface Options {
  readonly url?: string;
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly key?: string;
  readonly errors?: boolean;
  readonly lines: number;
}

export const addLogs = (program: Command): void => {
  program
    .command('logs')
    .description('the latest requests of a running server; with -f also those that come')
    .option('-f, --follow', 'go on with the requests that come')
    .option('-n, --lines <n>', 'how many to begin with, at most 500', Number, 20)
    .option('--key <name>', 'of this key only')
    .option('--errors', 'only those that failed')
    .option('--url <url>', 'address of the server')
    .option('--json', 'print one JSON line each')
    .action(async (options: Options) => {
      const address = serverAddress(options.url);
      const say = (each: Request): void => print(options.json === true ? JSON.stringify(each) : lineOf(each));
      const known = await read(address, options);
      for (const each of known.slice(0, options.lines).toReversed()) say(each);
      // A long request is written after shorter ones that came later: what is new is told by its id.
      const seen = new Set(known.map(({ id }) => id));
      while (options.follow === true) {
        await wait(EVERY_MS);
        const news = (await read(address, options)).filter(({ id }) => !seen.has(id));
        for (const each of news.toReversed()) say(each);
        for (const { id } of news) seen.add(id);
        forgetOldest(seen);
      }
    });
};

const EVERY_MS = 1_000;
const MOST_SEEN = 5_000;

const read = async (address: ServerAddress, { key, errors }: Options): Promise<readonly Request[]> => {
  const query = new URLSearchParams({
    limit: '500',
    ...(key !== undefined && { key }),
    ...(errors === true && { outcome: 'error' }),
  });
  return (await askAdmin(address, `/admin/requests?${query.toString()}`, { answer: page })).requests;
};

const forgetOldest = (seen: Set<string>): void => {
  for (const id of seen) if (seen.size > MOST_SEEN) seen.delete(id);
};

const lineOf = ({ at, endpoint, status, durationMs, key, client, model, error, tokens, cost }: Request): string => {
  const facts = [
    endpoint,
    key?.name ?? '-',
    client.name ?? '-',
    model ?? '-',
    `${tokens.input}→${tokens.output} tokens`,
    typeof cost.usd === 'number' ? `$${cost.usd.toFixed(4)}` : 'price unknown',
    `${durationMs} ms`,
  ];
  return [
    new Date(at).toISOString().slice(0, 19).replace('T', ' '),
    styled(status < 400 ? 'green' : 'red', String(status)),
    ...facts.map(harmless),
    ...(error === undefined ? [] : [styled('red', harmless(`${error.code}: ${error.message}`))]),
  ].join('  ');
};

/** Control characters in a client's text must not reach a terminal. */
const harmless = (text: string): string => text.replaceAll(/\p{Cc}/gu, '?');
