/** The real server as `npm start` composes it. */
import { run } from '../../../src/node/run.ts';
import { untilAlone } from './parent.ts';

await untilAlone(async () => (await run(process.env)).server);
