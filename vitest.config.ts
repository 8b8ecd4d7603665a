import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { compileCache } from './test/compile-cache.ts';

/** Suites that start no process and open no socket: they run in seconds, so they run all the time. */
const PURE = ['access', 'dialects', 'models', 'turn', 'util', 'observe'].map((folder) => `test/${folder}/**/*.test.ts`);
const pureFiles = ['test/layers.test.ts', 'test/style.test.ts', ...PURE];

const shared = {
  // Real processes start in many of them, on machines of any size.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // For the programs that a test starts with its own environment.
  env: compileCache,
};

export default defineConfig({
  test: {
    // Most of them wait for other processes, so also where there are two cores two files run side by side.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      { test: { ...shared, name: 'unit', include: pureFiles } },
      { test: { ...shared, name: 'real', include: ['test/**/*.test.ts'], exclude: pureFiles } },
    ],
  },
});
