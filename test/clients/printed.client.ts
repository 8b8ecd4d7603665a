/** Every configuration that README.md and docs/CLIENTS.md print, as it is printed but for the address and the key. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { configYamlSchema } from '@continuedev/config-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { abilitiesOf } from '../../src/models/catalog.ts';
import { costOf } from '../../src/models/prices.ts';
import { noTokens } from '../../src/turn/request-summary.ts';
import { apiKey, onEveryEngine } from './support.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

interface Block {
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

const blocksOf = (file: string, markdown: string): readonly Block[] =>
  [...markdown.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gmsu)].map(({ groups }, index) => {
    const { language = '', text = '' } = groups ?? {};
    return { name: `${file} ${index + 1}: ${text.trim().split('\n')[0]}`, language, text };
  });
const files = await Promise.all(
  ['README.md', 'docs/CLIENTS.md'].map(async (file) => blocksOf(file, await readFile(join(root, file), 'utf8'))),
);
const printed = files.flat().filter(({ text }) => text.includes('127.0.0.1:8080'));
const ofLanguage = (language: string) =>
  printed.filter((block) => block.language === language).map((block) => [block.name, block] as const);

/** `test/clients/python` runs the Python ones. */
it('has a test for each language that is printed', () => {
  expect(new Set(printed.map(({ language }) => language))).toEqual(new Set(['sh', 'python', 'js', 'json', 'yaml']));
});

const here = (text: string, url: string): string =>
  text
    .replaceAll('http://127.0.0.1:8080', url)
    .replaceAll(/(?<=apiKey"?: ?['"])any(?=['"])/gu, apiKey)
    .replaceAll("-H 'content-type", `-H 'authorization: Bearer ${apiKey}' -H 'content-type`);

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'printed-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));
const environment = () => ({
  PATH: process.env['PATH'],
  HOME: home,
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
});

onEveryEngine('as it is printed', (world) => {
  it.each(ofLanguage('sh'))('%s', async (_, { text }) => {
    const { stdout } = await run('bash', ['-c', here(text, world().server.url)], { timeout: 60_000 });
    expect(stdout).toContain('Demo upstream (no model): you said: Hello');
  });

  it.each(ofLanguage('js'))('%s', async (name, { text }) => {
    // Beside the clients, which it imports by name.
    const file = join(import.meta.dirname, `printed-${process.pid}-${name.replaceAll(/\W/gu, '')}.mjs`);
    await writeFile(file, here(text, world().server.url));
    try {
      const { stdout } = await run(process.execPath, [file], { timeout: 60_000 });
      expect(stdout).toContain('Demo upstream (no model): you said: Hello');
    } finally {
      await rm(file);
    }
  });

  it.for(ofLanguage('json'))('%s', async ([, { text }], { skip }) => {
    // A whole program each time: what it is configured with does not depend on the engine.
    skip(world().engineName !== 'claude-code');
    const project = join(home, `project-${crypto.randomUUID()}`);
    await mkdir(project);
    await writeFile(join(project, 'opencode.json'), here(text, world().server.url));
    const running = run(join(import.meta.dirname, 'node_modules/.bin/opencode'), ['run', 'Hello [[text:Good day]]'], {
      timeout: 110_000,
      cwd: project,
      env: environment(),
    });
    running.child.stdin?.end();
    expect((await running).stdout).toContain('Good day');
  });
});

interface OpencodeModel {
  readonly attachment: boolean;
  readonly reasoning: boolean;
  readonly temperature: boolean;
  readonly limit: { readonly context: number; readonly output: number };
  readonly cost: Readonly<Record<'input' | 'output' | 'cache_read' | 'cache_write', number>>;
}

describe('what opencode is told of a model', () => {
  const models = ofLanguage('json').flatMap(([name, { text }]) => {
    const { provider } = JSON.parse(text) as {
      provider: Record<string, { models: Record<string, OpencodeModel> }>;
    };
    return Object.values(provider).flatMap((one) =>
      Object.entries(one.models).map(([id, model]) => [name, id, model] as const),
    );
  });

  it.each(models)('is true: %s, %s', (_, id, model) => {
    const { contextTokens, maxOutputTokens, sampling } = abilitiesOf(id);
    expect(model).toMatchObject({ attachment: true, reasoning: true, temperature: sampling !== 'none' });
    expect(model.limit).toEqual({ context: contextTokens, output: maxOutputTokens });
    const million = (kind: Partial<typeof noTokens>) =>
      costOf({ tokens: { ...noTokens, ...kind } }, id, Date.now()).usd;
    // Short prompts: a longer one costs more on some models.
    const price = (kind: 'input' | 'cacheRead' | 'cacheWrite5m') => Number(million({ [kind]: 10_000 })) * 100;
    expect(model.cost['input']).toBeCloseTo(price('input'));
    expect(model.cost['output']).toBeCloseTo(Number(million({ output: 1_000_000 })));
    expect(model.cost['cache_read']).toBeCloseTo(price('cacheRead'));
    expect(model.cost['cache_write']).toBeCloseTo(price('cacheWrite5m'));
  });
});

it.each(ofLanguage('yaml'))('Continue takes %s', (_, { text }) => {
  expect(configYamlSchema.safeParse(parseYaml(text)).error?.issues ?? []).toEqual([]);
});
