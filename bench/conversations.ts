/** Conversations that begin, are edited and are left: what a process for each of them would cost most. */
import type { Message } from '../src/turn/turn.ts';
import { ask, chatTarget, messagesTarget, type Reply, type Target } from './support/client.ts';
import { startServer, startUpstream, type Hosted } from './support/host.ts';
import { cpuMs, pssOf, treeOf, untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, megabytes, p95, rounded, sum } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER, PACED_ANSWER, Talk } from './support/talk.ts';

const CLIENTS = 16;
const EDITED_LENGTH = 40;
const ONE_OFF = 100;

interface Contender {
  readonly name: string;
  readonly target: Target;
  readonly place: Hosted;
}

const run = async (scale: Scale): Promise<readonly Table[]> => {
  await using upstream = await startUpstream();
  await using server = await startServer(upstream);
  await using old = await startServer(upstream, { RECYCLE: '0' });
  const contenders: readonly Contender[] = [
    { name: 'upstream alone', target: messagesTarget('upstream', upstream.url), place: upstream },
    { name: 'this server', target: chatTarget('server', server.url), place: server },
    { name: 'this server, RECYCLE=0', target: chatTarget('server', old.url), place: old },
  ];
  const rows: string[][] = [];
  for (const contender of scale.quick ? contenders.slice(0, 2) : contenders) rows.push(await rowOf(contender, scale));
  return [
    {
      title: 'Conversations',
      head: [
        '',
        'new one, first token, median ms',
        'p95',
        'CPU ms',
        `new ones/s, ${CLIENTS} clients`,
        `edited one of ${EDITED_LENGTH} messages, ms`,
        'longest gap beside new ones, median ms',
        `processes after ${ONE_OFF} one-off questions`,
        'PSS, MB',
      ],
      rows,
      notes: [
        'A new conversation has a system prompt of its own, 3.5 kB, and 10 tools; one begins as soon as the one before has its answer of 30 tokens. CPU is that of the server and of Claude Code.',
        'The gap is the longest between two tokens of a stream that comes one token every 10 ms, for a second, while another client begins one conversation after the other.',
      ],
    },
  ];
};

const rowOf = async ({ name, target, place }: Contender, scale: Scale): Promise<string[]> => {
  const rounds = scale.quick ? 4 : 40;
  const say = (what: string): void => scale.say(`conversations: ${what} on ${name}`);
  say('warm-up');
  for (let i = 0; i < 3; i += 1) await begin(target, `warm-up ${i}`);
  await untilQuiet(place.pid);
  say('one after the other');
  const fresh = await oneAfterTheOther(target, place, rounds);
  say(`${CLIENTS} clients`);
  const perSecond = await manyAtOnce(target, scale.quick ? 1_500 : 10_000);
  await untilQuiet(place.pid);
  say('edited ones');
  const edited = await editedOnes(target, place, scale.quick ? 2 : 15);
  say('gaps');
  const gaps = await gapsBesideNewOnes(target, scale.quick ? 2 : 15);
  say('one-off questions');
  const left = await oneOffQuestions(target, place);
  const times = fresh.replies.map(({ firstTokenMs }) => firstTokenMs);
  return [
    name,
    rounded(median(times)),
    rounded(p95(times)),
    rounded(fresh.cpuMs),
    rounded(perSecond),
    rounded(median(edited)),
    rounded(median(gaps)),
    String(left.processes),
    megabytes(left.pss),
  ];
};

let begun = 0;

/** A conversation of one turn, with a system prompt that nobody has seen. */
export const begin = (target: Target, who: string, content: Message['content'] = ANSWER): Promise<Reply> =>
  Talk.with(target, { system: agentPrompt(`${who}, number ${(begun += 1)} of ${process.pid}`), tools: agentTools }).say(
    content,
  );

export const oneAfterTheOther = async (
  target: Target,
  place: Hosted,
  rounds: number,
): Promise<{ replies: readonly Reply[]; cpuMs: number }> => {
  const replies: Reply[] = [];
  const before = cpuMs(place.pid);
  for (let round = 0; round < rounds; round += 1) replies.push(await begin(target, 'a new agent'));
  await untilQuiet(place.pid);
  return { replies, cpuMs: (cpuMs(place.pid) - before) / rounds };
};

/** Conversations that were begun and answered, per second. */
export const manyAtOnce = async (target: Target, forMs: number): Promise<number> => {
  const from = performance.now();
  let answered = 0;
  const client = async (index: number): Promise<void> => {
    while (performance.now() - from < forMs) {
      await begin(target, `client ${index}`);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  return (answered * 1_000) / (performance.now() - from);
};

/** A long conversation whose last question is asked in other words. */
export const editedOnes = async (target: Target, place: Hosted, rounds: number): Promise<number[]> => {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const system = agentPrompt(`an agent that is corrected, ${round} of ${process.pid}`);
    const talk = Talk.with(target, { system, tools: agentTools });
    for (let turn = 0; turn < EDITED_LENGTH / 2; turn += 1) await talk.say(ANSWER);
    const { messages } = talk.next(ANSWER);
    await untilQuiet(place.pid);
    const request = {
      ...talk.next(ANSWER),
      messages: [...messages.slice(0, -3), { role: 'user' as const, content: PACED_ANSWER }],
    };
    times.push((await ask(target, request)).firstTokenMs);
  }
  return times;
};

export const gapsBesideNewOnes = async (target: Target, rounds: number): Promise<number[]> => {
  const gaps: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const over = new AbortController();
    const others = (async () => {
      while (!over.signal.aborted) await begin(target, 'another');
    })();
    const stream = await begin(target, 'a stream', '[[tokens:100]] [[slow:10]]');
    over.abort();
    await others;
    gaps.push(stream.longestGapMs);
  }
  return gaps;
};

/** What is left of a hundred conversations that nobody comes back to. */
export const oneOffQuestions = async (target: Target, place: Hosted): Promise<{ processes: number; pss: number }> => {
  for (let question = 0; question < ONE_OFF; question += 1) await begin(target, 'a one-off question');
  await untilQuiet(place.pid);
  const tree = treeOf(place.pid);
  // The server itself, and the shell that ends its children should it be killed, are none of them.
  return { processes: tree.length - 2 < 0 ? 0 : tree.length - 2, pss: sum(tree.map(({ pid }) => pssOf(pid))) };
};

export const conversations: Bench = {
  name: 'conversations',
  about: 'conversations that begin, are edited and are left; gaps beside them',
  run,
};
