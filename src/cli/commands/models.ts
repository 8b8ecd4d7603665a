/** `models`: what may be asked for, and which model answers. */
import type { Command } from 'commander';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { columns, print, printJson, styled } from '../output.ts';
import { askServer, serverAddress } from '../running-server.ts';

const models = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), resolves_to: z.string().optional() })),
});

export const addModels = (program: Command): void => {
  program
    .command('models')
    .description('list the names that may be asked for, and the models that answer')
    .option('--url <url>', 'address of the server')
    .option('--json', 'print JSON')
    .action(async ({ url, json = false }: { url?: string; json?: boolean }) => {
      const { body } = await askServer(serverAddress(url), '/v1/models');
      const listed = models.safeParse(body);
      if (!listed.success) throw new CliError('The server did not answer with a list of models.');
      if (json) return printJson(listed.data.data);
      const rows = listed.data.data.map(({ id, resolves_to }) => [id, resolves_to ?? '']);
      return print(columns([[styled('bold', 'name'), styled('bold', 'answers')], ...rows]));
    });
};
