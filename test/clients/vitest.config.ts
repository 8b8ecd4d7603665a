import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    // Not `.test.ts`: `npm test` must not find them, since their clients are not among its packages.
    include: ['*.client.ts'],
    // Whole programs start in some of them.
    testTimeout: 120_000,
    silent: 'passed-only',
    hookTimeout: 60_000,
  },
});
