/** This server beside proxies that start Claude Code for each request, in the same run, against the same upstream. */
import { editedOnes, gapsBesideNewOnes, manyAtOnce, oneAfterTheOther, oneOffQuestions } from './conversations.ts';
import { ask, chatTarget, messagesTarget } from './support/client.ts';
import { startServer, startUpstream } from './support/host.ts';
import { claudeMax, meridian, startPeers, type Contender } from './support/peers.ts';
import { untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, megabytes, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, Talk, toolThen } from './support/talk.ts';
import { load } from './throughput.ts';

/** The answer to what has no directive: peers that paste the history into a prompt would set off its directives again. */
export const WORDS = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ');
const CLIENTS = 16;

const run = async (scale: Scale): Promise<readonly Table[]> => {
  await using upstream = await startUpstream(WORDS);
  await using server = await startServer(upstream);
  await using stack = new AsyncDisposableStack();
  const say = (what: string): void => {
    scale.signal.throwIfAborted();
    scale.say(`peers: ${what}`);
  };
  const peers = await startPeers([meridian, claudeMax], upstream, { stack, say });
  const contenders: Contender[] = [
    { name: 'this server', target: chatTarget('this server', server.url), place: server },
    ...peers.contenders,
    { name: 'upstream alone', target: messagesTarget('upstream', upstream.url), place: upstream },
  ];
  const columns: (readonly string[])[] = [];
  for (const contender of contenders) columns.push(await columnOf(contender, scale, say));
  return [
    {
      title: 'Claude Code behind the OpenAI endpoint',
      head: ['', ...contenders.map(({ name }) => name)],
      rows: ROWS.map((name, row) => [name, ...columns.map((column) => column[row] ?? '–')]),
      notes: [
        'Medians. A new conversation has a system prompt of its own (3.5 kB), 10 tools, and begins when the one before has its answer of 30 tokens. CPU and memory are those of the server and all of its children; memory is PSS.',
        'Peers start Claude Code for each request. claude-max-api-proxy offers it no tools; Meridian 1.40, of April 2026, was asked at its Anthropic endpoint, and steps of a tool loop were not measured on it. An edited conversation: 3 tries on a peer, 10 on this server.',
        ...peers.skipped,
      ],
    },
  ];
};

const ROWS = [
  'new conversation: first token, ms',
  'new conversation: CPU, ms',
  `new conversations a second, ${CLIENTS} clients`,
  'continuing turn: first token, ms',
  'step of a tool loop: first token, ms',
  `continuing turns a second, ${CLIENTS} clients`,
  'edited conversation of 40 messages: first token, ms',
  'longest gap in a stream while others begin conversations, ms',
  'processes left by 100 one-off questions',
  'memory left by 100 one-off questions, MB',
] as const;

const columnOf = async (
  { name, target, place, peer }: Contender,
  scale: Scale,
  say: (what: string) => void,
): Promise<readonly string[]> => {
  const isPeer = peer !== undefined;
  const rounds = scale.quick ? 2 : 20;
  const seconds = scale.quick ? 1 : 10;
  // Others have no use for the time that a slow one takes.
  const few = scale.quick ? 1 : isPeer ? 3 : 10;
  say(`new conversations on ${name}`);
  await oneAfterTheOther(target, place, 3);
  const fresh = await oneAfterTheOther(target, place, rounds);
  // Before many ask at once, which needs as many processes.
  const left = await oneOffQuestions(target, place);
  const perSecond = await manyAtOnce(target, seconds * 1_000);
  say(`continuing turns on ${name}`);
  const { turns, steps } = await steadyTalk({ name, target, place }, rounds, peer?.tools ?? true);
  const options = { clients: CLIENTS, seconds, turns: isPeer ? 5 : 20, signal: scale.signal };
  const steady = await load(target, place.pid, options);
  if (steady.errors.length > 0) throw new Error(`${name}: ${steady.errors[0]}`);
  say(`edited conversations and gaps on ${name}`);
  const edited = await editedOnes(target, place, few);
  const gaps = await gapsBesideNewOnes(target, few);
  scale.signal.throwIfAborted();
  return [
    rounded(median(fresh.replies.map(({ firstTokenMs }) => firstTokenMs))),
    rounded(fresh.cpuMs),
    rounded(perSecond),
    rounded(median(turns)),
    rounded(median(steps)),
    rounded(steady.turnsPerSecond),
    rounded(median(edited)),
    rounded(median(gaps)),
    String(left.processes),
    megabytes(left.pss),
  ];
};

/** First tokens of second turns, and of the answers to the results of a call. */
const steadyTalk = async (
  { target, place }: Contender,
  rounds: number,
  hasTools: boolean,
): Promise<{ turns: number[]; steps: number[] }> => {
  const turns: number[] = [];
  const steps: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const talk = Talk.with(target, { system: agentPrompt('an agent'), tools: agentTools });
    await talk.say(`Hello, ${round}`);
    await untilQuiet(place.pid);
    turns.push((await talk.say('Go on')).firstTokenMs);
    if (!hasTools) continue;
    await talk.say(toolThen('[[tokens:30]]'));
    await untilQuiet(place.pid);
    steps.push((await ask(target, talk.next(talk.results()))).firstTokenMs);
  }
  return { turns, steps };
};

export const peersBench: Bench = {
  name: 'peers',
  about: 'beside proxies that start Claude Code for each request; installs them from npm into a temporary folder',
  run,
};
