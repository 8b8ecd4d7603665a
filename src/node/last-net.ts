/** The last net under the server: what no code handled must not take the answers of other clients with it. */
import type { Log } from '../util/log.ts';

/**
 * A promise that failed and that nobody waited for leaves everything else as it was: it is logged, and the server goes
 * on.
 * An exception outside of any promise may have left something half done: `broken` is called once, to end in order.
 */
export const spreadLastNet = (log: Log, broken: () => void): void => {
  process.on('unhandledRejection', (reason) => {
    log.error({ err: reason }, 'a failure that nothing handled; the server goes on');
  });
  let seen = false;
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'an exception that nothing handled; running answers may finish, then the server ends');
    if (!seen) broken();
    seen = true;
  });
};
