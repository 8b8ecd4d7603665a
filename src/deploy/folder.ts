/**
 * Where wrangler works, and which wrangler. In a clone both are there. The npm package lies below `node_modules`, where
 * nothing should be written, and has no wrangler, which only a deployment needs: it gets a copy of what the image is
 * made of, and npx fetches the wrangler that is tested.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPackage } from '../util/own-command.ts';
import type { Ask } from './ask.ts';
import { DeployError } from './errors.ts';
import { runProgram, type Run } from './programs.ts';

export interface Folder {
  readonly path: string;
  /** The Worker's source, where it is not in the folder: below the modules that it imports. */
  readonly worker: string | undefined;
  readonly remove: () => Promise<void>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['wrangler.jsonc', 'Dockerfile', 'package.json', 'LICENSE', 'src'];

/** `here`: the clone, or the package as it is installed. */
export const prepareFolder = async (here = root, installed = isPackage()): Promise<Folder> => {
  if (!installed) return { path: here, worker: undefined, remove: async () => undefined };
  const path = await mkdtemp(join(tmpdir(), 'claude-proxy-deploy-'));
  for (const name of COPIED) await cp(join(here, name), join(path, name), { recursive: true });
  // npm leaves a lock file at the top of a package out, so the build keeps a copy below `dist`.
  await cp(join(here, 'dist/package-lock.json'), join(path, 'package-lock.json'));
  return {
    path,
    worker: join(here, 'src/worker/worker.ts'),
    remove: () => rm(path, { recursive: true, force: true }),
  };
};

/** The command line that `wrangler` stands for. */
export type Wrangler = readonly [program: string, ...first: string[]];

interface Choice {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ask: Ask | undefined;
  readonly yes: boolean;
  readonly here?: string;
  readonly installed?: boolean;
}

/** `WRANGLER`, the clone's own, or the one that npx fetches. Throws `DeployError` where that is not wanted. */
export const chooseWrangler = async ({
  env,
  ask,
  yes,
  here = root,
  installed = isPackage(),
}: Choice): Promise<Wrangler> => {
  if (env['WRANGLER']) return [env['WRANGLER']];
  const own = join(here, 'node_modules/.bin/wrangler');
  if (!installed) return [own];
  const name = `wrangler@${pinnedWrangler(here)}`;
  if (!yes && !(await ask?.yes(`${name}, Cloudflare's program for deployments, is fetched by npx (${SIZE}). Go on?`)))
    throw new DeployError(
      `A deployment needs ${name}, which npx fetches (${SIZE}): use --yes, or name one of ` +
        `yours: WRANGLER=/path/to/wrangler.`,
    );
  const npx = join(dirname(process.execPath), 'npx');
  return [existsSync(npx) ? npx : 'npx', '--yes', name];
};

const SIZE = 'about 210 MB on disk';

/** npm leaves `devDependencies` in what it publishes. */
const pinnedWrangler = (here: string): string => {
  const { devDependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as {
    devDependencies: { wrangler: string };
  };
  return devDependencies.wrangler;
};

/** `wrangler` is the chosen one, in the folder; other programs are those of the PATH. */
export const runIn =
  ({ path }: Folder, [program, ...first]: Wrangler): Run =>
  (name, args, options) =>
    name === 'wrangler'
      ? runProgram(program, [...first, ...args], { ...options, cwd: path })
      : runProgram(name, args, options);

/** For a dry run, which fetches nothing: every call of wrangler fails with the reason. */
export const runWithout =
  ({ message }: DeployError): Run =>
  async (name, args, options) =>
    name === 'wrangler' ? { code: 127, stdout: '', stderr: message } : runProgram(name, args, options);
