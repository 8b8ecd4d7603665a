/**
 * The dashboard's files: beside its code in the repository, in the npm package and in the image. The library that draws
 * charts comes from its own package.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { assetsOf, uplotModule, type Assets } from '../dashboard/assets.ts';

const FOLDER = new URL('../dashboard/assets/', import.meta.url);

export const readDashboardAssets = (): Assets => {
  const require = createRequire(import.meta.url);
  const own = readdirSync(FOLDER)
    .toSorted()
    .map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')] as const);
  return assetsOf({
    ...Object.fromEntries(own),
    'uplot.css': readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    'uplot.js': uplotModule(readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')),
  });
};
