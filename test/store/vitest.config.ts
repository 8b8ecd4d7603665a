/** For .ci/postgres only: these need the programs of Postgres. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/store/*.postgres.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
});
