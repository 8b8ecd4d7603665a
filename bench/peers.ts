/** Other proxies beside this one, in the same run, against the same upstream, each as it is installed from npm. */
import { join } from 'node:path';
import { manyAtOnce, oneAfterTheOther, oneOffQuestions } from './conversations.ts';
import { ask, chatTarget, messagesTarget, type Target } from './support/client.ts';
import { startServer, startUpstream, temporaryFolder, type Hosted } from './support/host.ts';
import { install, peers, startPeer } from './support/peers.ts';
import { untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, megabytes, ratio, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, Talk } from './support/talk.ts';
import { load } from './throughput.ts';

const WORDS = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ');

interface Contender {
  readonly name: string;
  readonly target: Target;
  readonly place: Hosted;
}

const run = async (scale: Scale): Promise<readonly Table[]> => {
  // The same answer to everything: peers that paste the history into a prompt would set off its directives again.
  await using upstream = await startUpstream(WORDS);
  await using server = await startServer(upstream);
  await using stack = new AsyncDisposableStack();
  const contenders: Contender[] = [
    { name: 'upstream alone', target: messagesTarget('upstream', upstream.url), place: upstream },
    { name: 'this server', target: chatTarget('this server', server.url), place: server },
  ];
  const skipped: string[] = [];
  for (const peer of peers) {
    scale.say(`peers: installing ${peer.package}`);
    const dir = stack.use(temporaryFolder());
    try {
      await install(peer, join(dir.path, 'peer'));
      const place = stack.use(await startPeer(peer, join(dir.path, 'peer'), upstream));
      const target = peer.target(place.url, upstream.url);
      await ask(target, new Talk(() => Promise.reject(new Error('only asked once'))).next('Hello'));
      contenders.push({ name: `${peer.package} (${peer.about})`, target, place });
    } catch (error) {
      skipped.push(`${peer.package} was left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return [await compare(contenders, skipped, scale)];
};

const compare = async (contenders: readonly Contender[], skipped: readonly string[], scale: Scale): Promise<Table> => {
  const rounds = scale.quick ? 2 : 20;
  const times = contenders.map(() => ({ first: [] as number[], next: [] as number[] }));
  for (let round = 0; round < rounds && !scale.signal.aborted; round += 1) {
    scale.say(`peers: round ${round + 1} of ${rounds}`);
    for (const [index, { target, place }] of contenders.entries()) {
      const talk = Talk.with(target, { system: agentPrompt('an agent'), tools: agentTools });
      await untilQuiet(place.pid);
      times[index]?.first.push((await talk.say(`Hello, ${round}`)).firstTokenMs);
      await untilQuiet(place.pid);
      times[index]?.next.push((await talk.say('Go on')).firstTokenMs);
    }
  }
  const rows: string[][] = [];
  const upstreamNext = median(times[0]?.next ?? []);
  for (const [index, { name, target, place }] of contenders.entries()) {
    const { first = [], next = [] } = times[index] ?? {};
    const loads = [];
    for (const clients of scale.quick ? [1, 2] : [1, 16]) {
      scale.say(`peers: ${clients} clients on ${name}`);
      loads.push(
        await load(target, place.pid, { clients, seconds: scale.quick ? 1 : 10, turns: 5, signal: scale.signal }),
      );
    }
    scale.say(`peers: new conversations on ${name}`);
    const fresh = await oneAfterTheOther(target, place, rounds);
    const perSecond = await manyAtOnce(target, scale.quick ? 1_000 : 10_000);
    const left = await oneOffQuestions(target, place);
    const errors = loads.flatMap((each) => each.errors);
    rows.push([
      name,
      rounded(median(first)),
      rounded(median(next)),
      ratio(median(next), upstreamNext),
      rounded(loads[0]?.cpuMsPerTurn ?? Number.NaN),
      ...loads.map(({ turnsPerSecond }) => rounded(turnsPerSecond)),
      megabytes(loads.at(-1)?.peakRssBytes ?? Number.NaN),
      rounded(median(fresh.replies.map(({ firstTokenMs }) => firstTokenMs))),
      rounded(fresh.cpuMs),
      rounded(perSecond),
      String(left.processes),
      megabytes(left.pss),
      errors.length === 0 ? '0' : `${errors.length} (${errors[0]?.slice(0, 100)})`,
    ]);
  }
  return {
    title: 'Beside other proxies',
    head: [
      '',
      'first turn, ms',
      'continuing turn, ms',
      'ratio to the upstream',
      'CPU ms/turn',
      'turns/s, 1 client',
      `turns/s, ${scale.quick ? 2 : 16} clients`,
      'peak RSS, MB',
      'new conversations without a pause, first token, ms',
      'CPU ms of a new one',
      'new ones/s, 16 clients',
      'processes after 100 one-off questions',
      'PSS, MB',
      'errors',
    ],
    rows,
    notes: [
      `Medians to the first token over ${rounds} rounds, all in turn; \`/v1/chat/completions\`, but for the upstream, which has only \`/v1/messages\`. Answers of 30 tokens at once. Turns per second and CPU are of continuing turns.`,
      ...skipped,
    ],
  };
};

export const peersBench: Bench = {
  name: 'peers',
  about: 'other proxies in the same run; installs them from npm into a temporary folder',
  run,
};
