/** The dashboard's files: beside its code in the repository, in the npm package and in the image. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
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
  for (const name of readdirSync(FOLDER).toSorted()) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
    hash.update(name).update(bytes);
    files.set(name, { bytes, contentType });
  }
  return { version: hash.digest('hex').slice(0, 16), files };
};
