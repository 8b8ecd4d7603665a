import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Most of them wait for other processes, so also where there are two cores two files run side by side.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real processes start in many of them, on machines of any size.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
