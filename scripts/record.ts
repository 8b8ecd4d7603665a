/**
 * `npm run record`: the README's terminal session, docs/images/terminal.svg. A shell on a real terminal runs the commands
 * below, the demo among them, so the picture shows what they print today. Needs `script` of util-linux, and port 8080.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { COLUMNS, toSvg, type Piece } from './record/svg.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const ASK = `{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}`;

/** What is typed, and the words that its output ends with. */
const SESSION = [
  ['opencode-claude-proxy demo &', 'then opencode-claude-proxy start'],
  // For a prompt of its own: the demo has written behind the last one.
  ['', '\n$ '],
  [`curl http://127.0.0.1:8080/v1/chat/completions -H 'content-type: application/json' -d '${ASK}' -sw '\\n'`, '\n$ '],
  ['opencode-claude-proxy connect codex --write --yes', '\n$ '],
  ['opencode-claude-proxy usage', '\n$ '],
] as const;

const LIMIT_MS = 30_000;

/** Below `node_modules`, as the npm package lies, so that it speaks as the package does. */
const installed = join(root, 'node_modules/opencode-claude-proxy');

const main = async (): Promise<void> => {
  const home = await mkdtemp(join(tmpdir(), 'record-'));
  try {
    const pieces = await record(await prepare(home), home);
    await writeFile(join(root, 'docs/images/terminal.svg'), toSvg(pieces));
  } finally {
    await rm(home, { recursive: true, force: true });
    await rm(installed, { recursive: true, force: true });
  }
};

/** As `npm install --global` would have it: the command in the PATH, and this Node. */
const prepare = async (home: string): Promise<Record<string, string>> => {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' });
  await cp(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  const bin = join(home, 'bin');
  await mkdir(bin);
  await symlink(join(installed, 'dist/cli/main.mjs'), join(bin, 'opencode-claude-proxy'));
  await symlink(process.execPath, join(bin, 'node'));
  return {
    HOME: home,
    PATH: [bin, '/usr/bin', '/bin'].join(':'),
    PS1: '$ ',
    TERM: 'xterm-256color',
    LOG_LEVEL: 'error',
    UPGRADE_NOTICE: '0',
  };
};

/** Everything that the terminal showed, with its time. */
const record = async (env: Record<string, string>, cwd: string): Promise<readonly Piece[]> => {
  const shell = spawn(
    'script',
    ['-qefc', `stty cols ${COLUMNS} rows 60; exec bash --norc --noediting -i`, '/dev/null'],
    { env, cwd },
  );
  const pieces: Piece[] = [];
  const began = performance.now();
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    pieces.push({ atMs: performance.now() - began, text: text.replaceAll(cwd, '~') });
  });
  const ended = new Promise((resolve) => shell.once('close', resolve));
  const shown = (): string => pieces.map(({ text }) => text).join('');
  const until = async (words: string, from: number): Promise<void> => {
    for (const limit = performance.now() + LIMIT_MS; !shown().slice(from).replaceAll('\r', '').includes(words);) {
      if (performance.now() > limit) throw new Error(`The terminal never showed ${JSON.stringify(words)}:\n${shown()}`);
      await wait(50);
    }
  };
  try {
    await until('$ ', 0);
    for (const [command, words] of SESSION) {
      const from = shown().length;
      shell.stdin.write(`${command}\n`);
      await until(words, from);
      await wait(300);
    }
    return [...pieces];
  } finally {
    // The demo is a job of this shell, and must not outlive it.
    shell.stdin.write('kill %1; wait; exit\n');
    await Promise.race([ended, wait(LIMIT_MS, undefined, { ref: false })]);
    shell.kill('SIGKILL');
  }
};

await main();
