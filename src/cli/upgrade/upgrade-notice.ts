/**
 * Tells of a newer version, at most once a day, from what an earlier command has found out. The registry is asked by a
 * process of its own, which no command waits for: even a name that cannot be resolved would keep a command from ending.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stateRoot } from '../../node/state.ts';
import { version } from '../../node/version.ts';
import { parseSettings, type Environment } from '../../settings/parse-settings.ts';
import { serverSettings } from '../../settings/server-settings.ts';
import { isPackage } from '../../util/own-command.ts';
import { currentEnvironment } from '../environment.ts';
import { styled } from '../output.ts';
import { readUpgradeState, writeUpgradeState, type UpgradeState } from './upgrade-state.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Tells on standard error what is known, and has the registry asked where that was a day ago. */
export const noticeUpgrade = (flags: Environment = {}): void => {
  const env = currentEnvironment(flags);
  if (!wantsNotice(env, process)) return;
  const file = join(stateRoot(env['STATE_DIR'] ?? '', env), 'upgrade.json');
  const now = Date.now();
  const { tell, ask, state } = decideNotice(readUpgradeState(file), { now, version });
  if (!(tell || ask) || !writeUpgradeState(file, state)) return;
  if (tell && state.latest !== undefined) console.error(styled('dim', notice(state.latest)));
  if (ask) askInBackground(file, env);
};

interface Terminal {
  readonly stdout: { readonly isTTY?: boolean };
  readonly stderr: { readonly isTTY?: boolean };
}

/** Only where somebody reads it, and not where the user, or the convention of such programs, says no. */
export const wantsNotice = (env: Environment, { stdout, stderr }: Terminal): boolean =>
  parseSettings(serverSettings, env).values.UPGRADE_NOTICE &&
  !env['CI'] &&
  !env['NO_UPDATE_NOTIFIER'] &&
  stdout.isTTY === true &&
  stderr.isTTY === true;

export interface Decision {
  readonly tell: boolean;
  readonly ask: boolean;
  /** As it is to be written. */
  readonly state: UpgradeState;
}

export const decideNotice = (
  before: UpgradeState,
  { now, version: own }: { now: number; version: string },
): Decision => {
  const tell = before.latest !== undefined && isNewer(before.latest, own) && isOver(before.toldAt ?? 0, now);
  const ask = isOver(before.askedAt, now);
  return { tell, ask, state: { ...before, ...(tell && { toldAt: now }), ...(ask && { askedAt: now }) } };
};

/** Also where the clock was in the future then. */
const isOver = (at: number, now: number): boolean => Math.abs(now - at) >= DAY_MS;

/** Of releases alone: `1.10.0` is newer than `1.9.3`; a version with a suffix is nothing to upgrade to. */
const isNewer = (latest: string, own: string): boolean => {
  const [to, from] = [latest, own].map((text) => /^(\d+)\.(\d+)\.(\d+)(-|$)/u.exec(text));
  if (to?.[4] !== '' || from == null) return false;
  for (const part of [1, 2, 3]) {
    const [there, here] = [Number(to[part]), Number(from[part])];
    if (there !== here) return there > here;
  }
  return from[4] === '-';
};

const notice = (latest: string): string =>
  `opencode-claude-proxy ${latest} is there, this is ${version}. ` +
  `${isPackage() ? UPGRADE_PACKAGE : 'Upgrade: git pull, then npm ci.'} UPGRADE_NOTICE=0 turns this notice off.`;

const UPGRADE_PACKAGE = 'Upgrade: npm install -g opencode-claude-proxy@latest, or npx opencode-claude-proxy@latest.';

/** It ends by itself after some seconds, and holds no terminal and no pipe of this process. */
const askInBackground = (file: string, env: Environment): void => {
  const [, extension] = /(\.[jt]s)$/u.exec(import.meta.url) ?? [];
  const program = fileURLToPath(new URL(`./ask-registry${extension}`, import.meta.url));
  const registry = env['npm_config_registry'] || 'https://registry.npmjs.org';
  spawn(process.execPath, [program, file, registry], { detached: true, stdio: 'ignore' })
    // Without a process there is no word of newer versions, which nobody misses.
    .on('error', () => undefined)
    .unref();
};
