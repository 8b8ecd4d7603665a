/** For .ci/browser only: these need a Chromium. */
import { defineConfig } from 'vitest/config';
import { compileCache } from '../compile-cache.ts';

export default defineConfig({
  test: {
    include: ['test/browser/*.browser.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    env: compileCache,
  },
});
