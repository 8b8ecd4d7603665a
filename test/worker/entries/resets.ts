/**
 * The production Worker on a platform that resets an instance's Durable Object when `/reset` is asked, as a deployment
 * does, or takes it from memory: what was in memory is gone, the container goes on.
 */
import worker from '../../../src/worker/worker.ts';
import { ProxyInstance as Production } from '../../../src/worker/instance/instance.ts';
import type { Env } from '../../../src/worker/env.ts';

export { StoreKeeper } from '../../../src/worker/store/store-keeper.ts';
export { LoginKeeper } from '../../../src/worker/login/login-keeper.ts';

export class ProxyInstance extends Production {
  reset(): void {
    this.ctx.abort('Durable Object reset because its code was updated.');
  }
}

interface Resettable extends Env {
  readonly INSTANCE: DurableObjectNamespace<ProxyInstance>;
}

export default {
  fetch: async (request, env) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== '/reset') return worker.fetch(request, env);
    const stub = env.INSTANCE.getByName(searchParams.get('name') ?? 'g1-i0');
    await stub.reset().catch(() => undefined); // It ends before it can answer.
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Resettable>;
