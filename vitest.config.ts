import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes start in many of them, on machines of any size.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
