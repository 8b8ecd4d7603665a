/**
 * The dashboard's files: beside its code in the repository, in the npm package and in the image. The library that draws
 * charts comes from its own package.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { Asset, Assets } from '../dashboard/assets.ts';

const FOLDER = new URL('../dashboard/assets/', import.meta.url);

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export const readDashboardAssets = (): Assets => {
  const hash = createHash('sha256');
  const files = new Map<string, Asset>();
  const own = readdirSync(FOLDER)
    .toSorted()
    .map((name) => [name, readFileSync(new URL(name, FOLDER))] as const);
  for (const [name, content] of [...own, ...uplotFiles()]) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const bytes = new Uint8Array(content);
    hash.update(name).update(bytes);
    files.set(name, { bytes, contentType });
  }
  return { version: hash.digest('hex').slice(0, 16), files };
};

/** The small file is no module; with one line more it is one. */
const uplotFiles = (): readonly (readonly [name: string, content: Buffer])[] => {
  const require = createRequire(import.meta.url);
  const script = readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'));
  return [
    ['uplot.css', readFileSync(require.resolve('uplot/dist/uPlot.min.css'))],
    ['uplot.js', Buffer.concat([script, Buffer.from('\nexport default uPlot;\n')])],
  ];
};
