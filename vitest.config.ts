import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
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
    // Most of them wait for other processes, so more files than cores run side by side on a small machine.
    maxWorkers: Math.max(3, availableParallelism()),
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      // They leave nothing behind, so files can share their modules.
      { test: { ...shared, name: 'unit', include: pureFiles, isolate: false } },
      {
        test: {
          ...shared,
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...pureFiles],
        },
      },
    ],
  },
});
