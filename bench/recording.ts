/**
 * What recording costs: turns per second of the direct engine with the ledger, the alerts and the metrics of a server,
 * beside a server that keeps nothing, in short rounds that take turns, so that whatever else the machine does meets
 * both alike.
 */
import { messagesTarget } from './support/client.ts';
import { startServer, startUpstream, type Hosted } from './support/host.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, rounded } from './support/statistics.ts';
import { load } from './throughput.ts';

const CLIENTS = 16;
const TURNS = 20;
/** The most that recording is to cost of the throughput. */
const MOST = 0.02;

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const { rounds, seconds } = scale.quick ? { rounds: 1, seconds: 1 } : { rounds: 20, seconds: 5 };
  await using upstream = await startUpstream();
  await using recording = await startServer(upstream, { ENGINE: 'anthropic-api', LOG_LEVEL: 'silent' });
  await using without = await startServer(upstream, {
    ENGINE: 'anthropic-api',
    LOG_LEVEL: 'silent',
    BENCH_WITHOUT_STORE: '1',
  });
  const places = [
    { name: 'with recording', place: recording, turns: [] as number[], cpu: [] as number[] },
    { name: 'without', place: without, turns: [] as number[], cpu: [] as number[] },
  ] as const;
  const measure = ({ name, place }: { name: string; place: Hosted }) =>
    load(messagesTarget(name, place.url), place.pid, {
      clients: CLIENTS,
      seconds,
      turns: TURNS,
      signal: scale.signal,
      marked: (marker) => `[[text:${marker}${' word'.repeat(29)}]]`,
    });
  for (let round = 0; round <= rounds && !scale.signal.aborted; round += 1) {
    scale.say(round === 0 ? 'recording: warming up' : `recording: round ${round} of ${rounds}`);
    // Each begins as often as the other.
    for (const each of round % 2 === 0 ? places : places.toReversed()) {
      const { turnsPerSecond, cpuMsPerTurn, errors } = await measure(each);
      if (errors.length > 0) throw new Error(`${each.name}: ${errors[0]}`);
      if (round === 0) continue;
      each.turns.push(turnsPerSecond);
      each.cpu.push(cpuMsPerTurn);
    }
  }
  const [kept, bare] = places;
  const costs = kept.turns.map((turns, index) => 1 - turns / (bare.turns[index] ?? turns));
  return [
    {
      title: 'What recording costs (ENGINE=anthropic-api)',
      head: ['', 'turns/s, median', 'CPU ms/turn, median'],
      rows: places.map(({ name, turns, cpu }) => [name, rounded(median(turns)), rounded(median(cpu))]),
      notes: [
        `Of the throughput recording costs ${percent(median(costs))} (median of ${rounds} pairs of ${seconds} s; ` +
          `half of the pairs between ${percent(quantile(costs, 0.25))} and ${percent(quantile(costs, 0.75))}; ` +
          `the aim is at most ${percent(MOST)}).`,
        `${CLIENTS} clients, answers of 30 tokens; the two servers take turns. Recording is the ledger in SQLite, the ` +
          'counts for limits and the alerts; metrics are kept by both.',
      ],
    },
  ];
};

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

export const recording: Bench = {
  name: 'recording',
  about: 'what the ledger costs of the throughput of the direct engine, with and without it in turns',
  run,
};
