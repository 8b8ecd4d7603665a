/** `npm run release:version`: the next version, from the files below `.changeset`, in every file that names it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { withVersion } from './texts.ts';

const run = (program: string, ...args: string[]): void => {
  execFileSync(program, args, { stdio: 'inherit' });
};

run('changeset', 'version');
run('npm', 'install', '--package-lock-only', '--no-audit', '--no-fund');

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const files = { kustomization: 'deploy/kustomization.yaml', chart: 'deploy/helm/opencode-claude-proxy/Chart.yaml' };
for (const [kind, file] of Object.entries(files))
  writeFileSync(file, withVersion(readFileSync(file, 'utf8'), kind as keyof typeof files, version));
