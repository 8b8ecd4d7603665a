/** For .ci/browser only: these need a Chromium. */
import { defineConfig } from 'vitest/config';
import { compileCache } from '../compile-cache.ts';

export default defineConfig({
  test: {
    // `npm run screenshots` makes the pictures in docs/images.
    include: [process.env['SCREENSHOTS'] === undefined ? 'test/browser/*.browser.ts' : 'test/browser/*.screenshots.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    env: compileCache,
  },
});
