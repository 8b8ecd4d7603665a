/** The real server as `npm start` composes it; with BENCH_WITHOUT_STORE one that keeps nothing. */
import { prepare, run } from '../../../src/node/run.ts';
import { createServer } from '../../../src/node/server.ts';
import { untilAlone } from './parent.ts';

const withoutStore = async () => {
  const { store, ...parts } = (await prepare(process.env)).parts;
  await store?.close();
  return createServer(parts);
};

await untilAlone(async () =>
  process.env['BENCH_WITHOUT_STORE'] === undefined ? (await run(process.env)).server : withoutStore(),
);
