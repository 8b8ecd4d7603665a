/** A signal to npx ends npx alone: without this, the server would stay behind on its port. */

const LOOK_EVERY_MS = 500;

/** Sends this process the signal that npx did not pass on, once npx is gone. Does nothing for other parents. */
export const endWithNpx = (env: NodeJS.ProcessEnv = process.env): void => {
  if (env['npm_lifecycle_event'] !== 'npx') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    // An orphan gets another parent: process 1, or a reaper of the user's session.
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  timer.unref();
};
