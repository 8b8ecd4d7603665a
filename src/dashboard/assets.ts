/** Stylesheet, modules and icon: files of their own, so that the pages need no inline code. */
import type { HttpContext } from '../http/context.ts';
import { sha256 } from '../util/sha256.ts';

export interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface Assets {
  /** A hash over all of them: it is in their paths, so that a browser keeps each for ever. */
  readonly version: string;
  readonly files: ReadonlyMap<string, Asset>;
}

/** Files of other kinds are left out. */
export const assetsOf = (texts: Readonly<Record<string, string>>): Assets => {
  const files = Object.entries(texts).flatMap(([name, text]) => {
    const contentType = CONTENT_TYPES[name.slice(name.lastIndexOf('.'))];
    return contentType === undefined
      ? []
      : [[name, { bytes: new Uint8Array(new TextEncoder().encode(text)), contentType }] as const];
  });
  return { version: sha256(JSON.stringify(texts)).slice(0, 16), files: new Map(files) };
};

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** uPlot's small file is no module; with one line more it is one. */
export const uplotModule = (script: string): string => `${script}\nexport default uPlot;\n`;

export const assetPath = ({ version }: Assets, file: string): string => `/dashboard/assets/${version}/${file}`;

/** Undefined where there is no such file. */
export const respondAsset = (c: HttpContext, { version, files }: Assets): Response | undefined => {
  const asset = files.get(c.req.param('file') ?? '');
  if (asset === undefined) return undefined;
  const etag = `"${version}"`;
  c.header('etag', etag);
  // A page that was loaded before an update asks for files of the old version.
  const current = c.req.param('version') === version;
  c.header('cache-control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (c.req.header('if-none-match') === etag) return c.body(null, 304);
  return c.body(asset.bytes, 200, { 'content-type': asset.contentType });
};
