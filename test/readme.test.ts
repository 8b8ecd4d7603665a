/** The lines of README.md, read out of it and run, so that none of them can go stale. A line of a new kind has to find its way here. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse as parseToml } from '@decimalturn/toml-patch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../src/demo/upstream.ts';
import { endAfterEach, listening, start } from './node/spawned-server.ts';

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gmsu)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
/** Command lines without their comments; a line that goes on is one. */
const commands = blocks
  .filter(({ language, text }) => language === 'sh' && !text.startsWith('export '))
  .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
  .map((line) => line.replace(/\s+#.*$/u, '').trim())
  .filter((line) => line !== '');
const PRINTED_ADDRESS = 'http://127.0.0.1:8080';

const home = mkdtempSync(join(tmpdir(), 'readme-'));
mkdirSync(join(home, 'bin'));
let upstream: DemoUpstream;
beforeAll(async () => {
  upstream = await startDemoUpstream();
});
afterAll(async () => {
  await upstream.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});
endAfterEach();

const run = promisify(execFile);
const { scripts, bin, files } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
  bin: Record<string, string>;
  files: readonly string[];
};
/** The environment and the words after the program, as npm or npx would start it. */
const environment = { PATH: process.env['PATH'], HOME: home, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' };
const program = resolve('src/cli/main.mjs');
const cli = (words: readonly string[], env: Record<string, string> = {}) =>
  run(process.execPath, [program, ...words], { cwd: home, env: { ...environment, ...env } });

/** `exec node src/cli/main.mjs demo`: what the script of this name starts. */
const scriptWords = (name: string): readonly string[] => {
  const [exec, node, file, ...words] = (scripts[name] ?? '').split(' ');
  expect([exec, node, file], `npm run ${name}`).toEqual(['exec', 'node', 'src/cli/main.mjs']);
  return words;
};

/** Each kind of line, and how it is run. Whoever writes a line of another kind adds it. */
const KINDS: readonly (readonly [RegExp, (line: string) => Promise<void>])[] = [
  [
    /^npm ci && npm run demo$|^npm ci$/u,
    async (line) => {
      // Installing it all again would take longer than all other tests: npm says whether it could.
      await run('npm', ['ci', '--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund']);
      if (line.includes('demo')) await listening(start({ PORT: '0' }, { args: scriptWords('demo') }));
    },
  ],
  [
    /^curl /u,
    async (line) => {
      const url = await listening(start({ PORT: '0' }, { args: ['demo'] }));
      const { stdout } = await run('sh', ['-c', line.replace(PRINTED_ADDRESS, url)]);
      expect(JSON.parse(stdout)).toMatchObject({
        choices: [{ message: { content: expect.stringContaining('Hello') } }],
      });
    },
  ],
  [
    /^npx opencode-claude-proxy$|^npm start$/u,
    async (line) => {
      // The package's command is this program, compiled; `.ci/package` starts it by npx itself.
      expect(bin['opencode-claude-proxy']).toBe('dist/cli/main.mjs');
      const words = line.startsWith('npx') ? [] : scriptWords('start');
      const env = { ANTHROPIC_API_KEY: 'sk-ant-api03-readme', ANTHROPIC_BASE_URL: upstream.url, PORT: '0' };
      await listening(start(env, { args: words }));
    },
  ],
  [
    /^npm run claude -- auth login$/u,
    async (line) => {
      const [, words = ''] = line.split(' -- ');
      const { stdout } = await cli([...scriptWords('claude'), ...words.split(' '), '--help']);
      expect(stdout).toContain(`Usage: claude ${words}`);
    },
  ],
  [
    /^npx opencode-claude-proxy (connect|doctor) /u,
    async (line) => {
      const words = line.split(' ').slice(2);
      // Without a terminal nothing is asked.
      const asks = words.includes('--write') || words.includes('--undo');
      const { stdout } = await cli(asks ? [...words, '--yes'] : words).catch(
        (error: { stdout: string; code: number }) => {
          // What is wrong with a client that is not installed here is an answer too.
          expect([words[0], error.code]).toEqual(['doctor', 1]);
          return error;
        },
      );
      expect(stdout).not.toBe('');
    },
  ],
];

describe('the command lines of the README', () => {
  it('are found', () => expect(commands.length).toBeGreaterThanOrEqual(10));

  it.each(commands)('%s', async (line) => {
    const kind = KINDS.find(([words]) => words.test(line));
    expect(kind, 'no kind of line that this test knows how to run').toBeDefined();
    await kind?.[1](line);
  });

  it('connect by its lines, and take that back', async () => {
    const { stdout } = await cli(['connect', 'codex', '--write', '--yes']);
    expect(stdout).toContain('Codex is connected');
    expect(readFileSync(join(home, '.codex/config.toml'), 'utf8')).toContain(PRINTED_ADDRESS);
    await cli(['connect', 'codex', '--undo', '--yes']);
    expect(existsSync(join(home, '.codex/config.toml'))).toBe(false);
  });
});

describe('the configurations of the README', () => {
  // The Python, and these with their real clients, run in `.ci/clients`.
  it.each(blocks.filter(({ language }) => language !== 'sh'))('can be read: $language', ({ language, text }) => {
    if (language === 'json') expect(JSON.parse(text)).toBeTypeOf('object');
    else if (language === 'toml') expect(parseToml(text)).toHaveProperty('model_provider');
    else expect([language, text]).toEqual(['python', expect.stringContaining(`${PRINTED_ADDRESS}/v1`)]);
  });

  it('set the variables of Claude Code in a shell', async () => {
    const exported = blocks.find(({ text }) => text.startsWith('export '))?.text ?? '';
    const { stdout } = await run('sh', ['-c', `${exported}\necho "$ANTHROPIC_BASE_URL $ANTHROPIC_AUTH_TOKEN"`]);
    expect(stdout).toBe(`${PRINTED_ADDRESS} any\n`);
  });
});

describe('the links of the README', () => {
  const links = [...readme.matchAll(/\]\(([^)]+)\)/gu)].map(([, link = '']) => link);
  const local = [...new Set(links.filter((link) => !/^https?:/u.test(link)))];

  it.each(local)('%s is there', (link) => {
    const [file = '', anchor] = link.split('#');
    const page = file === '' ? 'README.md' : file;
    expect(existsSync(page)).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(page, 'utf8'))).toContain(anchor);
  });

  it('of the npm package lead to files that it has, or that npm shows from the repository', () => {
    const tops = new Set(local.map((link) => link.split('#')[0]?.split('/')[0]).filter((top) => top !== ''));
    const shown = ['LICENSE', 'SECURITY.md', 'CODE_OF_CONDUCT.md', 'examples'];
    for (const top of tops) expect([...files, ...shown]).toContain(top);
  });

  it('reach what the seed of this project told: each subject is one link away', () => {
    const subjects: Readonly<Record<string, RegExp>> = {
      features: /\[CHANGELOG\]/u,
      endpoints: /\| `POST \/v1\/messages`/u,
      parameters: /every parameter.*COMPATIBILITY\.md/u,
      models: /COMPATIBILITY\.md#models/u,
      mapping: /mapping.*COMPATIBILITY\.md#models/u,
      structure: /structure.*ARCHITECTURE\.md/u,
      configuration: /CONFIGURATION\.md/u,
      cost: /costs.*DEPLOYMENT\.md#cost/u,
      security: /SECURITY\.md/u,
      troubleshooting: /TROUBLESHOOTING\.md/u,
    };
    for (const [subject, words] of Object.entries(subjects)) expect(readme, subject).toMatch(words);
  });
});

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
