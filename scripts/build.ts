/** `npm run build`: `dist/`, what the npm package runs. Node strips no types below `node_modules`, so it is compiled. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
// Plain JavaScript already, for any Node.
copyFileSync(join(root, 'src/cli/main.mjs'), join(dist, 'cli/main.mjs'));
cpSync(join(root, 'src/dashboard/assets'), join(dist, 'dashboard/assets'), { recursive: true });
// For the image that `deploy` builds: npm packs no lock file at the top.
copyFileSync(join(root, 'package-lock.json'), join(dist, 'package-lock.json'));
chmodSync(join(dist, 'cli/main.mjs'), 0o755);
