/** `npm test`: every suite, and as the last line what came of it: `N passed, N failed`. Arguments go to vitest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const dir = await mkdtemp(join(tmpdir(), 'test-report-'));
const file = join(dir, 'report.json');
const vitest = spawn(
  process.execPath,
  [
    resolve('node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
const [code] = (await once(vitest, 'close')) as [number | null];
const { passed, failed } = countTests(
  JSON.parse(await readFile(file, 'utf8').catch(() => '{"testResults":[]}')) as Report,
);
await rm(dir, { recursive: true });

// Vitest can fail without a failed test: an error outside of all tests, or no tests at all.
const failures = code === 0 ? failed : Math.max(failed, 1);
console.log(`${passed} passed, ${failures} failed`);
process.exit(failures === 0 && passed > 0 ? 0 : 1);

function countTests({ testResults }: Report): { passed: number; failed: number } {
  const statuses = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  // A file that does not even load has no tests that could fail.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return {
    passed: statuses.filter((status) => status === 'passed').length,
    failed: statuses.filter((status) => status === 'failed').length + broken.length,
  };
}
