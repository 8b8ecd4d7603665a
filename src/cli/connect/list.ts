/** `connect --list`: the clients, which are installed here, and which are connected. */
import { readFileSync } from 'node:fs';
import { columns, print, printJson, styled } from '../output.ts';
import { clients } from './clients/index.ts';
import type { Client, Machine, Target } from './client.ts';
import { foundBy, pathOf, shortPath, thisMachine } from './machine.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly apis: readonly string[];
  /** What shows that it is installed; null where nothing does. */
  readonly installed: string | null;
  /** The file that names this server; null where none does. */
  readonly connected: string | null;
}

export const listClients = (target: Target, { json = false }: { json?: boolean }, only?: Client): void => {
  const machine = thisMachine();
  const rows = (only === undefined ? clients : [only]).map((client) => rowOf(client, target, machine));
  if (json) return printJson(rows);
  const heads = ['client', 'name', 'installed here', 'connected'].map((head) => styled('bold', head));
  const cells = rows.map(({ id, name, installed, connected }) => [
    id,
    name,
    installed === null ? '' : shortPath(installed, machine),
    connected === null ? '' : shortPath(connected, machine),
  ]);
  print(columns([heads, ...cells]));
  return print('\nopencode-claude-proxy connect <client> prints its configuration, --write writes it.');
};

const rowOf = (client: Client, target: Target, machine: Machine): Row => {
  const variants = client.variants(target);
  const files = variants.flatMap(({ file }) => (file === undefined ? [] : [pathOf(file, machine)]));
  return {
    id: client.id,
    name: client.name,
    apis: [...new Set(variants.map(({ api }) => api))],
    installed: foundBy(client, machine) ?? null,
    connected: files.find((path) => names(path, target.url)) ?? null,
  };
};

const names = (path: string, url: string): boolean => {
  try {
    return readFileSync(path, 'utf8').includes(url);
  } catch {
    return false;
  }
};
