/**
 * The production Worker, on a platform that says why it has no container. Here workerd says the same of every
 * start that fails, so its words are exchanged for those that Cloudflare uses, given in PLATFORM_SAYS.
 */
import { ProxyInstance as Production } from '../../../src/worker/instance/instance.ts';
import type { Env } from '../../../src/worker/env.ts';

export { default } from '../../../src/worker/worker.ts';
export { StoreKeeper } from '../../../src/worker/store/store-keeper.ts';
export { LoginKeeper } from '../../../src/worker/login/login-keeper.ts';

interface Words {
  readonly PLATFORM_SAYS: string;
}

export class ProxyInstance extends Production {
  constructor(ctx: DurableObjectState, env: Env & Words) {
    super(saying(ctx, env.PLATFORM_SAYS), env);
  }
}

const saying = (ctx: DurableObjectState, words: string): DurableObjectState => {
  const real = ctx.container;
  if (real === undefined) throw new Error('no container');
  const monitor = async (): Promise<void> => {
    try {
      await real.monitor();
    } catch (error) {
      throw String(error).includes('failed to start') ? new Error(words, { cause: error }) : error;
    }
  };
  // All else is the real container's: its methods ask for it as their `this`.
  const value = new Proxy(real, {
    get(container, key) {
      if (key === 'monitor') return monitor;
      const member: unknown = Reflect.get(container, key, container);
      return typeof member === 'function' ? member.bind(container) : member;
    },
  });
  return Object.defineProperty(ctx, 'container', { value });
};
