/** The production Worker with one more API. */
import { dialects } from '../../../src/dialects/index.ts';
import { createWorker } from '../../../src/worker/worker.ts';
import { ProxyInstance as Production } from '../../../src/worker/instance/instance.ts';
import type { Env } from '../../../src/worker/env.ts';
import { toy } from '../../fixtures/toy/dialect.ts';

export { StoreKeeper } from '../../../src/worker/store/store-keeper.ts';
export { LoginKeeper } from '../../../src/worker/login/login-keeper.ts';

const known = [...dialects, toy];

export default createWorker(known);

export class ProxyInstance extends Production {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, known);
  }
}
