/** What is on this machine: where clients keep their files, and which of them are installed. */
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Client, ConfigFile, Machine } from './client.ts';

export const thisMachine = (): Machine => ({
  home: process.env['HOME'] || homedir(),
  platform: process.platform,
  env: process.env,
});

/** The client's file: the one that is there, else the one to be made. */
export const pathOf = (file: ConfigFile, machine: Machine): string => {
  const [first = '', ...others] = file.locations(machine);
  return [first, ...others].find((path) => existsSync(path)) ?? first;
};

/** What shows that it is installed: a command or a path; undefined where nothing does. */
export const foundBy = ({ detect }: Client, machine: Machine): string | undefined =>
  (detect.commands ?? []).map((name) => commandPath(name, machine.env)).find((path) => path !== undefined) ??
  detect.paths?.(machine).find((path) => existsSync(path));

/** Where the command lies that a shell would run. */
export const commandPath = (name: string, env: Machine['env']): string | undefined =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** `~/…`, for people. */
export const shortPath = (path: string, { home }: Machine): string =>
  path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
