/** Node keeps here what it has compiled: the programs that tests start again and again then start in half the time. */
import { fileURLToPath } from 'node:url';

export const compileCache = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/node-compile', import.meta.url)),
};
