/** What `connect <client>` prints: the configuration, what to do besides, and what surprises. */
import { print, printJson, styled } from '../output.ts';
import type { Client, Machine, Target, Variant } from './client.ts';
import { cursor, isPrivate } from './clients/editors/cursor.ts';
import { pathOf, shortPath, thisMachine } from './machine.ts';
import { plainText, snippetsOf } from './snippet.ts';
import { tunnelPrograms } from '../tunnel/programs.ts';

interface Options {
  readonly json?: boolean;
  readonly target: Target;
}

export const printClient = (client: Client, variant: Variant, { json = false, target }: Options): void => {
  const machine = thisMachine();
  if (json) return printJson(asJson(client, variant, { machine, target }));
  print(`${styled('bold', client.name)} · ${plainText(variant.title)} · ${variant.api}`);
  for (const { text, file } of snippetsOf(variant)) {
    if (file !== undefined) print(styled('dim', `\n${shortPath(pathOf(file, machine), machine)}`));
    print(`${file === undefined ? '\n' : ''}${text.trimEnd()}`);
  }
  const steps = variant.steps ?? [];
  if (steps.length > 0) print('');
  for (const [index, step] of steps.entries())
    print(`${steps.length > 1 ? `${index + 1}. ` : styled('dim', '→ ')}${plainText(step)}`);
  if (client.id === cursor.id && isPrivate(target.url)) print(`\n${tunnelsHere(machine)}`);
  if (client.notes !== undefined) print('');
  for (const note of client.notes ?? []) print(`${styled('cyan', '·')} ${plainText(note)}`);
  return print(`\n${styled('dim', furtherWays(client, variant, target))}`);
};

const asJson = (client: Client, variant: Variant, { machine, target }: { machine: Machine; target: Target }) => ({
  client: client.id,
  variant: variant.id,
  variants: client.variants(target).map(({ id, api }) => ({ id, api })),
  api: variant.api,
  url: target.url,
  keyEnv: target.keyEnv ?? null,
  snippets: snippetsOf(variant).map(({ language, text, file }) => ({
    language,
    file: file === undefined ? null : pathOf(file, machine),
    text,
  })),
  environment: variant.environment ?? {},
  steps: (variant.steps ?? []).map((step) => plainText(step)),
  notes: (client.notes ?? []).map((note) => plainText(note)),
  tested: client.tested,
  documentation: client.documentation,
});

const tunnelsHere = ({ env }: Machine): string => {
  const found = tunnelPrograms(env).map(({ name }) => name);
  return found.length === 0
    ? 'Neither cloudflared nor tailscale nor ngrok is installed here; `start --tunnel` needs one of them.'
    : `Installed here for start --tunnel: ${found.join(', ')}.`;
};

const furtherWays = (client: Client, { id, file }: Variant, target: Target): string => {
  const others = client.variants(target).filter((each) => each.id !== id);
  const command = `opencode-claude-proxy connect ${client.id}`;
  return [
    ...(file === undefined ? [] : [`${command} --write  puts this into the file, after showing the difference`]),
    ...others.map((each) => `${command} --variant ${each.id}  ${plainText(each.title)}`),
    `Its own documentation: ${client.documentation}`,
  ].join('\n');
};
