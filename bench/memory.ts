/** Memory of processes that wait for their next turn, or for the results of their calls. */
import { messagesTarget } from './support/client.ts';
import { startServer, startUpstream } from './support/host.ts';
import { pssOf, rssBytes, treeOf, untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { megabytes, sum } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER, Talk, toolThen } from './support/talk.ts';

interface Held {
  readonly conversations: number;
  readonly state: string;
  readonly server: number;
  readonly all: number;
  readonly rss: number;
}

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const levels = scale.quick ? [1, 4] : [1, 8, 32];
  const rows: string[][] = [];
  for (const state of ['idle', 'suspended'] as const) {
    for (const conversations of levels) {
      scale.say(`memory: ${conversations} processes, ${state}`);
      rows.push(rowOf(await hold(conversations, state)));
      if (scale.signal.aborted) break;
    }
  }
  return [
    {
      title: 'Memory of processes (MB)',
      head: ['processes', 'state', 'each', 'server itself', 'everything', 'everything as RSS'],
      rows,
      notes: [
        'PSS: pages that processes share are divided among them; RSS counts them for everyone. **Each** is everything but the server itself, divided by the processes.',
        'As many turns at the same time, two of each conversation, 10 tools: each needs a process of its own. Suspended: the last answer called a tool, and the process waits for the result.',
      ],
    },
  ];
};

/** A server of its own for each figure: memory that was once used is not always given back. */
const hold = async (conversations: number, state: 'idle' | 'suspended'): Promise<Held> => {
  await using upstream = await startUpstream();
  await using server = await startServer(upstream, {
    MAX_CONCURRENCY: String(conversations),
    MAX_PROCESSES: String(conversations),
    SPARES: '0',
  });
  const target = messagesTarget('server', server.url);
  const first = Talk.with(target, { system: 'warm-up', tools: agentTools });
  await first.say(ANSWER);
  await first.end();
  await untilQuiet(server.pid);
  const talks = Array.from({ length: conversations }, (_, made) =>
    Talk.with(target, { system: agentPrompt(`agent ${made}`), tools: agentTools }),
  );
  // Slow enough that all of them run at once, while the last process is still being started.
  await Promise.all(talks.map((talk) => talk.say(`[[tokens:30]] [[slow:${20 * conversations + 20}]]`)));
  await Promise.all(talks.map((talk) => talk.say(state === 'suspended' ? toolThen(ANSWER) : ANSWER)));
  await untilQuiet(server.pid);
  const all = sum(treeOf(server.pid).map(({ pid }) => pssOf(pid)));
  return { conversations, state, server: pssOf(server.pid), all, rss: rssBytes(server.pid) };
};

const rowOf = ({ conversations, state, server, all, rss }: Held): string[] => [
  String(conversations),
  state,
  megabytes((all - server) / conversations),
  megabytes(server),
  megabytes(all),
  megabytes(rss),
];

export const memory: Bench = { name: 'memory', about: 'memory per process', run };
