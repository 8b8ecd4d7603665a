/** From where `deploy` works: in a clone, and from the npm package, which has no wrangler and may not be written to. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseWrangler, prepareFolder, runIn, runWithout } from '../../src/deploy/folder.ts';
import { DeployError } from '../../src/deploy/errors.ts';

const here = mkdtempSync(join(tmpdir(), 'deploy-folder-'));
beforeAll(() => {
  for (const folder of ['src/worker', 'dist']) mkdirSync(join(here, folder), { recursive: true });
  for (const name of ['wrangler.jsonc', 'Dockerfile', 'LICENSE', 'src/worker/worker.ts', 'dist/package-lock.json'])
    writeFileSync(join(here, name), name);
  writeFileSync(join(here, 'package.json'), '{ "devDependencies": { "wrangler": "4.5.6" } }');
});
afterAll(() => rmSync(here, { recursive: true }));

const asked: string[] = [];
const answering = (answer: boolean) => ({
  yes: async (question: string) => {
    asked.push(question);
    return answer;
  },
  secret: async () => '',
});
const choose = (given: Partial<Parameters<typeof chooseWrangler>[0]>) =>
  chooseWrangler({ env: {}, ask: undefined, yes: false, here, installed: true, ...given });

it('a clone has its own wrangler and is itself the folder', async () => {
  expect(await choose({ installed: false })).toEqual([join(here, 'node_modules/.bin/wrangler')]);
  const folder = await prepareFolder(here, false);
  await folder.remove();
  expect([folder.path, folder.worker, existsSync(here)]).toEqual([here, undefined, true]);
});

it('the package asks before npx fetches the version that is tested', async () => {
  expect(await choose({ ask: answering(true) })).toEqual([expect.stringMatching(/npx$/u), '--yes', 'wrangler@4.5.6']);
  expect(asked).toEqual([expect.stringContaining('wrangler@4.5.6')]);
  expect(await choose({ yes: true })).toHaveLength(3);
  await expect(choose({ ask: answering(false) })).rejects.toThrow('wrangler@4.5.6');
  await expect(choose({})).rejects.toThrow('--yes');
  expect(await choose({ env: { WRANGLER: '/opt/wrangler' } })).toEqual(['/opt/wrangler']);
});

it('the package is copied, with a lock file for the image, and the Worker is built where its modules are', async () => {
  const folder = await prepareFolder(here, true);
  expect(readdirSync(folder.path).toSorted()).toEqual(
    ['Dockerfile', 'LICENSE', 'package-lock.json', 'package.json', 'src', 'wrangler.jsonc'].toSorted(),
  );
  expect(readFileSync(join(folder.path, 'package-lock.json'), 'utf8')).toBe('dist/package-lock.json');
  expect(folder.worker).toBe(join(here, 'src/worker/worker.ts'));
  const { stdout } = await runIn(folder, [process.execPath, '-p'])('wrangler', ['process.cwd()']);
  expect(stdout.trim()).toBe(folder.path);
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});

it('a dry run without wrangler says why, and asks other programs all the same', async () => {
  const run = runWithout(new DeployError('wrangler is fetched by npx'));
  expect(await run('wrangler', ['deploy'])).toEqual({ code: 127, stdout: '', stderr: 'wrangler is fetched by npx' });
  expect(await run(process.execPath, ['-p', '1'])).toMatchObject({ code: 0, stdout: '1\n' });
});
