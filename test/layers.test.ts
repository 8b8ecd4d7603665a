import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Imports point up this list only. */
const layers = [
  ['util'],
  ['settings'],
  ['turn'],
  ['models'],
  ['dialects'],
  ['engines'],
  ['store'],
  ['access'],
  ['http'],
  ['observe'],
  ['dashboard'],
  ['demo'],
  ['node'],
  ['worker'],
  ['deploy'],
  ['cli'],
];

const files = globSync('src/**/*.ts');
const importsOf = (file: string): readonly string[] =>
  [
    ...readFileSync(file, 'utf8').matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
const layerOf = (file: string): string => normalize(file).split(sep)[1] ?? '';
const rank = (layer: string): number => layers.findIndex((line) => line.includes(layer));

it('the reader of imports sees them', () => {
  expect(importsOf('src/http/http-app.ts')).toEqual(
    expect.arrayContaining(['hono', './routes.ts', '../dialects/dialect.ts']),
  );
});

describe('layers', () => {
  it('are all in the list', () => {
    for (const file of files) expect(rank(layerOf(file)), file).toBeGreaterThanOrEqual(0);
  });

  it('are in docs/ARCHITECTURE.md, in this order', () => {
    const rows = readFileSync('docs/ARCHITECTURE.md', 'utf8').matchAll(/^\| `([a-z]+)(?:\/[a-z]+)?` \|/gmu);
    expect([...new Set([...rows].map(([, layer]) => layer))]).toEqual(layers.flat());
  });

  it('import only what stands above them', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => layerOf(join(dirname(file), name)))
        .filter(
          (layer) =>
            layer !== layerOf(file) && layer !== '' && layer !== 'package.json' && rank(layer) >= rank(layerOf(file)),
        )
        .map((layer) => `${file} imports ${layer}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keep the Agent SDK in engines/claude', () => {
    const users = files.filter((file) =>
      importsOf(file).some((name) => name.startsWith('@anthropic-ai/claude-agent-sdk')),
    );
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((file) => !normalize(file).startsWith(join('src', 'engines', 'claude')))).toEqual([]);
  });

  it('keep the two engines apart', () => {
    const between = files
      .filter((file) => file.includes('engines'))
      .filter((file) => importsOf(file).some((name) => /\.\.\/(api|claude)\//.test(name)));
    expect(between).toEqual([]);
  });

  it('use Node only where there is Node', () => {
    const portable = [
      'util',
      'settings',
      'turn',
      'models',
      'dialects',
      'store',
      'access',
      'http',
      'dashboard',
      'worker',
    ];
    const wrong = files.filter(
      (file) =>
        (portable.includes(layerOf(file)) || file.includes(join('engines', 'api'))) &&
        importsOf(file).some((name) => name.startsWith('node:')),
    );
    expect(wrong).toEqual([]);
  });

  it('take only types from the Anthropic SDK: it is no dependency at run time', () => {
    const wrong = files.filter((file) =>
      /^import (?!type)[^;]*from '@anthropic-ai\/sdk/m.test(readFileSync(file, 'utf8')),
    );
    expect(wrong).toEqual([]);
  });
});

it('every dialect has the same files', () => {
  const folders = globSync('src/dialects/*/index.ts').map((file) => dirname(file));
  expect(folders.length).toBeGreaterThanOrEqual(3);
  for (const folder of folders) {
    const names = globSync('*.ts', { cwd: folder });
    expect(names, folder).toEqual(
      expect.arrayContaining([
        'wire.ts',
        'parse.ts',
        'render.ts',
        'stream.ts',
        'error.ts',
        'parameters.ts',
        'models.ts',
      ]),
    );
  }
});
