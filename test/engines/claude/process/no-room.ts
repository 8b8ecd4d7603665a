/** Starts a child when no file descriptor is left. Run with a low limit of them. */
import { closeSync, openSync } from 'node:fs';
import { Child } from '../../../../src/engines/claude/process/child/child.ts';
import { toTurnError } from '../../../../src/turn/errors.ts';

const open: number[] = [];
const outcome = (() => {
  try {
    for (;;) open.push(openSync('/dev/null', 'r'));
  } catch {
    try {
      return `started ${new Child({ command: 'true', args: [], cwd: '/', env: {} }).pid}`;
    } catch (error) {
      const { code, message } = toTurnError(error);
      return `${code}: ${message}`;
    }
  }
})();
for (const descriptor of open) closeSync(descriptor);
setTimeout(() => process.stdout.write(`${outcome}\nstill here\n`), 50);
