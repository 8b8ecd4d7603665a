/** For .ci/image only: these need podman and the built images. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/image/*.image.ts'], testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false },
});
