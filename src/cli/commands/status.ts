/** `status`: how a running server is. */
import type { Command } from 'commander';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { columns, print, printJson, styled } from '../output.ts';
import { askServer, serverAddress } from '../running-server.ts';

/** Loose: the server may be newer than this command. */
const health = z.looseObject({
  status: z.string(),
  reason: z.string().optional(),
  version: z.string().optional(),
  engine: z.string().optional(),
  login: z.string().optional(),
  uptimeSeconds: z.number().optional(),
  requests: z.looseObject({ running: z.number(), queued: z.number() }).optional(),
  gauges: z.record(z.string(), z.number()).optional(),
});

export const addStatus = (program: Command): void => {
  program
    .command('status')
    .description('ask a running server how it is')
    .option('--url <url>', 'address of the server')
    .option('--json', 'print JSON')
    .action(async ({ url, json = false }: { url?: string; json?: boolean }) => {
      const address = serverAddress(url);
      const { body } = await askServer(address, '/health');
      const report = health.safeParse(body);
      if (!report.success) throw new CliError(`What answers at ${address.url} is not this server.`, 3);
      if (json) printJson({ url: address.url, ...report.data });
      else print(describe(report.data, address.url));
      if (report.data.status !== 'ok') process.exitCode = 1;
    });
};

const describe = (report: z.output<typeof health>, url: string): string => {
  const { status, reason, version, engine, login, uptimeSeconds, requests, gauges = {} } = report;
  const rows: [string, string | undefined][] = [
    ['server', `${url}${version === undefined ? '' : `, version ${version}`}`],
    ['status', styled(status === 'ok' ? 'green' : 'red', status) + (reason === undefined ? '' : `: ${reason}`)],
    ['engine', engine],
    ['login', login],
    ['up', uptimeSeconds === undefined ? undefined : duration(uptimeSeconds)],
    ['requests', requests === undefined ? undefined : `${requests.running} running, ${requests.queued} queued`],
    ...Object.entries(gauges).map(([name, value]): [string, string] => [name.replaceAll('_', ' '), String(value)]),
  ];
  const known = rows.filter((row): row is [string, string] => row[1] !== undefined);
  const hint = engine === undefined ? '\nSet PROXY_API_KEY to one of the server’s keys for the whole report.' : '';
  return columns(known) + hint;
};

/** `3 d 4 h`, `5 min 6 s`: the two largest units. */
const duration = (seconds: number): string => {
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([value]) => value > 0);
  return units
    .slice(first === -1 ? 3 : first)
    .slice(0, 2)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
};
