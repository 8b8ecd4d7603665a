/** What the linter does not check of how the source looks. */
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';

/** Texts for a model are data: a line break would be part of them. */
const DATA = new Set(['src/dialects/openai-responses/codex-instructions.ts']);

const files = globSync('src/**/*.ts').filter((file) => !DATA.has(file));

it('no line of src is longer than 120 columns', () => {
  const long = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.length > 120 ? [`${file}:${index + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

it('no folder of src is more than a screen long', () => {
  const counts = Map.groupBy(globSync('src/**/*.ts'), (file) => dirname(file));
  const full = [...counts].filter(([, inside]) => inside.length > 20).map(([folder]) => folder);
  expect(full).toEqual([]);
});
