/** Every file of `examples/`, as a user runs it: against `demo`, with what it says on its output. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const examples = join(root, 'examples');

const programs: Readonly<Record<string, string>> = {
  '.py': join(import.meta.dirname, '.venv/bin/python'),
  '.mjs': process.execPath,
  '.sh': 'bash',
};

/** By file: the question, which tells the demo what to answer, and what has to be printed. */
const expected: Readonly<Record<string, readonly [question: string, output: RegExp]>> = {
  'chat.py': ['[[text:Ahoj]]', /^Ahoj\n$/u],
  'stream.mjs': ['[[text:one two three]]', /^one two three\n\(\d+ tokens in, \d+ out\)\n$/u],
  'messages.mjs': ['[[think:Counting]] [[text:25]]', /^25\n\(thought: Counting; \d+ tokens out\)\n$/u],
  'tools.py': [
    '[[tool:weather {"city":"Prague"}]] [[tool:weather {"city":"Brno"}]] [[then]] [[text:Take one]]',
    /^weather: Rain in Prague, 12 degrees\nweather: Rain in Brno, 12 degrees\nTake one\n$/u,
  ],
  'structured.mjs': ['Jana, Friday, library', /^\{ who: '.*', where: '.*', weekday: '\w+day' \}\n$/u],
  'stream.sh': ['Hello', /^data: \{.*"delta":.*\n[\s\S]*^data: \[DONE\]$/mu],
};

let demo: ChildProcess;
let url = '';
beforeAll(async () => {
  demo = spawn(process.execPath, [join(root, 'src/cli/main.mjs'), 'demo', '--port', '0'], {
    env: { PATH: process.env['PATH'] },
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  await vi.waitUntil(() => /Listening on \S+/u.test(output) || demo.exitCode !== null, { timeout: 50_000 });
  url = /Listening on (\S+)/u.exec(output)?.[1] ?? '';
  expect(url, output).not.toBe('');
});
afterAll(async () => {
  if (demo.exitCode === null && demo.kill('SIGTERM')) await once(demo, 'exit');
});

it('has an expectation for each example', async () => {
  const files = (await readdir(examples)).filter((name) => extname(name) !== '.md');
  expect(files.toSorted()).toEqual(Object.keys(expected).toSorted());
});

it.each(Object.entries(expected))('%s', async (file, [question, output]) => {
  const { stdout } = await run(programs[extname(file)] ?? '', [join(examples, file), question], {
    env: {
      PATH: process.env['PATH'],
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: 'any',
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: 'any',
    },
    timeout: 60_000,
  });
  expect(stdout).toMatch(output);
});
