/** The direct engine beside API gateways, in the same run, against the same upstream. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, chatTarget, messagesTarget } from './support/client.ts';
import { startServer, startUpstream } from './support/host.ts';
import { cliProxyApi, liteLlm, portkey, startPeers, type Contender } from './support/peers.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, megabytes, p95, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER, PACED_ANSWER, Talk } from './support/talk.ts';
import { load } from './throughput.ts';
import { WORDS } from './peers.ts';

const CLIENTS = 16;

const run = async (scale: Scale): Promise<readonly Table[]> => {
  await using upstream = await startUpstream(WORDS);
  await using server = await startServer(upstream, { ENGINE: 'anthropic-api' });
  await using stack = new AsyncDisposableStack();
  const say = (what: string): void => {
    scale.signal.throwIfAborted();
    scale.say(`gateways: ${what}`);
  };
  const peers = await startPeers([cliProxyApi, portkey, liteLlm], upstream, { stack, say });
  const contenders: Contender[] = [
    { name: 'upstream alone', target: messagesTarget('upstream', upstream.url), place: upstream },
    { name: 'this server, OpenAI endpoint', target: chatTarget('chat', server.url), place: server },
    { name: 'this server, Anthropic endpoint', target: messagesTarget('messages', server.url), place: server },
    ...peers.contenders,
  ];
  say('first tokens');
  const times = await firstTokens(contenders, scale);
  const alone = times[0] ?? [];
  const rows: string[][] = [];
  for (const [index, { name, target, place }] of contenders.entries()) {
    say(`${CLIENTS} clients on ${name}`);
    const options = { clients: CLIENTS, seconds: scale.quick ? 1 : 8, turns: 20, signal: scale.signal };
    const steady = await load(target, place.pid, options);
    if (steady.errors.length > 0) throw new Error(`${name}: ${steady.errors[0]}`);
    const own = times[index] ?? [];
    rows.push([
      name,
      rounded(median(own)),
      index === 0 ? '–' : rounded(median(own.map((ms, round) => ms - (alone[round] ?? Number.NaN)))),
      rounded(p95(own)),
      rounded(steady.cpuMsPerTurn),
      rounded(steady.turnsPerSecond),
      megabytes(steady.peakRssBytes),
    ]);
  }
  return [
    {
      title: 'The API without Claude Code (ENGINE=anthropic-api)',
      head: [
        '',
        'first token, median ms',
        'added, median ms',
        'p95',
        'CPU ms/turn',
        `turns/s, ${CLIENTS} clients`,
        'peak RSS, MB',
      ],
      rows,
      notes: [
        `First tokens over ${roundsOf(scale)} rounds, all in turn, of answers of 30 tokens, one every 2 ms, after ${warmUpsOf(scale)} requests that nobody timed; added is the median of the differences within a round. CPU and turns a second are of answers that come at once.`,
        ...peers.skipped,
      ],
    },
  ];
};

const warmUpsOf = ({ quick }: Scale): number => (quick ? 2 : 500);
const roundsOf = ({ quick }: Scale): number => (quick ? 3 : 150);

const firstTokens = async (contenders: readonly Contender[], scale: Scale): Promise<readonly number[][]> => {
  const times: number[][] = contenders.map(() => []);
  const talk = new Talk(() => Promise.reject(new Error('asked elsewhere')), {
    system: agentPrompt('an agent'),
    tools: agentTools,
  });
  // Code that has just been loaded is slower than it will ever be again.
  for (const { target } of contenders)
    for (let i = 0; i < warmUpsOf(scale); i += 1) await ask(target, talk.next(ANSWER));
  for (let round = 0; round < roundsOf(scale) && !scale.signal.aborted; round += 1) {
    for (const [index, { target }] of contenders.entries()) {
      await sleep(5);
      times[index]?.push((await ask(target, talk.next(PACED_ANSWER))).firstTokenMs);
    }
  }
  return times;
};

export const gateways: Bench = {
  name: 'gateways',
  about: 'the direct engine beside API gateways; installs them from npm and PyPI into temporary folders',
  run,
};
