/** An engine that cannot start a process, because no file descriptor is left, while it serves others. Run with a low limit of them. */
import { closeSync, openSync } from 'node:fs';
import { toTurnError } from '../../../../src/turn/errors.ts';
import { fixture } from '../ends-support.ts';
import { run, startLab, turnOf } from '../support.ts';

const lab = await startLab({ executable: fixture('behave'), spares: 3 });
const ask = (system?: string): Promise<string> =>
  run(lab, turnOf({ ...(system !== undefined && { system }), messages: [{ role: 'user', content: 'Hello' }] })).then(
    ({ text }) => text,
    (error: unknown) => toTurnError(error).code,
  );

await lab.engine.warmUp();
lab.engine.start();
const said = [await ask('A')];
const open: number[] = [];
try {
  for (;;) open.push(openSync('/dev/null', 'r'));
} catch {
  // No descriptor is left. A request without a prompt needs a process that never had one.
  said.push(await ask(), await ask('B'), await ask());
}
// Long enough for the starts that nobody waits for.
await new Promise((resolve) => void setTimeout(resolve, 1_000));
said.push(await ask('C'));
for (const descriptor of open) closeSync(descriptor);
said.push(await ask());
await lab.close();
process.stdout.write(said.join(' '));
