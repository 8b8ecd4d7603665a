/** Handles failures that no code handled, so that they do not end the answers of other clients. */
import type { Log } from '../util/log.ts';

/**
 * An unhandled rejection changes nothing else: it is logged, and the server goes on. An exception outside of any
 * promise may have left something half done: `broken` is called once, to end the server in order.
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
