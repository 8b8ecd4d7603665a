/**
 * `connect <client>`: prints the configuration of a client, or writes it into the client's own file, and takes that
 * back.
 */
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { clientNamed, clients } from '../connect/clients/index.ts';
import type { Client, Variant } from '../connect/client.ts';
import { listClients } from '../connect/list.ts';
import { printClient } from '../connect/print.ts';
import { targetOf, type TargetOptions } from '../connect/target.ts';

interface Options extends TargetOptions {
  readonly list?: boolean;
  readonly variant?: string;
  readonly write?: boolean;
  readonly undo?: boolean;
  readonly yes?: boolean;
  readonly default?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ opencode-claude-proxy connect --list            which clients there are, and which are installed here
  $ opencode-claude-proxy connect opencode          print its configuration
  $ opencode-claude-proxy connect opencode --write  put it into its file, after showing the difference
  $ opencode-claude-proxy connect opencode --undo   take that back
  $ opencode-claude-proxy connect codex --url https://claude.example.com --key-env CLAUDE_PROXY_KEY

No key is ever written: where the server has one, clients are told the variable that holds it.
Exit codes: 0 done, 1 it failed or was declined, 2 the command line cannot be read.`;

export const addConnect = (program: Command): void => {
  program
    .command('connect')
    .description('print or write the configuration of a client: opencode, Codex, Cursor and others')
    .argument('[client]', `one of ${clients.map(({ id }) => id).join(', ')}`)
    .option('--list', 'list the clients, and whether they are installed here')
    .option('--variant <name>', 'another way to configure it, where there are several')
    .option('--url <url>', 'address of the server')
    .option('--key-env <name>', 'the variable that holds the server’s key')
    .option('--write', 'write it into the client’s file, after showing the difference')
    .option('--default', 'with --write: also where you have chosen another default model')
    .option('--undo', 'put the client’s file back as it was')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'with --undo: also where the file was changed since')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(connect);
};

const connect = async (name: string | undefined, options: Options): Promise<void> => {
  if (options.write === true && options.undo === true) throw new CliError('Either --write or --undo, not both.', 2);
  if (name === undefined) return listClients(targetOf(options), options);
  const client = clientNamed(name);
  if (options.undo === true) return (await import('../connect/write.ts')).undoConfiguration(client, options);
  const target = targetOf(options);
  if (options.list === true) return listClients(target, options, client);
  const variants = client.variants(target);
  if (options.write === true) {
    const { writeConfiguration } = await import('../connect/write.ts');
    return writeConfiguration(client, variantToWrite(client, variants, options), options);
  }
  return printClient(client, variantToPrint(client, variants, options), { ...options, target });
};

const named = (client: Client, variants: readonly Variant[], wanted: string): Variant => {
  const found = variants.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  throw new CliError(`${client.name} has these variants: ${variants.map(({ id }) => id).join(', ')}.`, 2);
};

const variantToPrint = (client: Client, variants: readonly [Variant, ...Variant[]], { variant }: Options): Variant =>
  variant === undefined ? variants[0] : named(client, variants, variant);

const variantToWrite = (client: Client, variants: readonly Variant[], { variant }: Options): Variant => {
  const found =
    variant === undefined ? variants.find(({ file }) => file !== undefined) : named(client, variants, variant);
  if (found?.file !== undefined) return found;
  throw new CliError(
    `${client.name} has no file that could be written${variant === undefined ? '' : ' for this variant'}. ` +
      `What to do by hand: opencode-claude-proxy connect ${client.id}`,
    2,
  );
};
