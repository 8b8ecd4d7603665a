/**
 * Measures this server on this machine: `npm run bench -- [--quick] [--write] [name …]`.
 * Everything runs on loopback against the demo upstream; no account is needed, and nothing is left running.
 *   --quick   few rounds: shows that everything works, and no figure worth quoting
 *   --write   puts the tables into docs/PERFORMANCE.md
 */
import { parseArgs } from 'node:util';
import { conversations } from './conversations.ts';
import { gateways } from './gateways.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { peersBench } from './peers.ts';
import { profile } from './profile.ts';
import { writeTables } from './support/document.ts';
import { machine } from './support/machine.ts';
import { markdown, type Bench, type Table } from './support/report.ts';
import { recording } from './recording.ts';
import { strategies } from './strategies.ts';
import { throughput } from './throughput.ts';
import { worker } from './worker.ts';

const benches: readonly Bench[] = [
  peersBench,
  gateways,
  conversations,
  latency,
  throughput,
  recording,
  memory,
  strategies,
  profile,
  worker,
];
const LIMIT_MINUTES = 60;
const END_WITHIN_MS = 5_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const usage = (): string =>
  [
    'npm run bench -- [--quick] [--write] [name …]',
    '',
    ...benches.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`),
  ].join('\n');

const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No such benchmark: ${unknown.join(', ')}.\n`);
  console.log(usage());
  process.exit(unknown.length > 0 ? 1 : 0);
}

const limit = AbortSignal.timeout(LIMIT_MINUTES * 60_000);
const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    stopped.abort(new Error(name));
    // What is being measured may take minutes; the programs end when this process does.
    setTimeout(() => process.exit(1), END_WITHIN_MS).unref();
  });
}
const signal = AbortSignal.any([limit, stopped.signal]);

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const chosen = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
say(machine());
for (const bench of chosen) {
  try {
    const tables: readonly Table[] = await bench.run({ quick: values.quick, say, signal });
    // Tables of a run that was cut short would look like results.
    signal.throwIfAborted();
    console.log(`${tables.map(markdown).join('\n\n')}\n`);
    if (values.write) await writeTables(bench.name, tables, { quick: values.quick });
  } catch (error) {
    // What was measured before stays in the document, and what comes next is measured all the same.
    console.error(`${bench.name} failed:`, error);
    process.exitCode = 1;
    if (signal.aborted) break;
  }
}
