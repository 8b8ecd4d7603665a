/** Memory of conversations that are held in processes, waiting for their next turn. */
import { messagesTarget } from './support/client.ts';
import { startServer, startUpstream } from './support/host.ts';
import { pssBytes, pssOf, rssBytes, treeOf, untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { megabytes, sum } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER, Talk, toolThen } from './support/talk.ts';

interface Held {
  readonly conversations: number;
  readonly state: string;
  /** Beyond what the server and its ready processes took before. */
  readonly added: number;
  readonly server: number;
  readonly all: number;
  readonly rss: number;
}

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const levels = scale.quick ? [1, 4] : [1, 8, 32];
  const rows: string[][] = [];
  for (const state of ['idle', 'suspended'] as const) {
    for (const conversations of levels) {
      scale.say(`memory: ${conversations} conversations, ${state}`);
      rows.push(rowOf(await hold(conversations, state)));
      if (scale.signal.aborted) break;
    }
  }
  return [
    {
      title: 'Memory of held conversations (MB)',
      head: ['conversations', 'state', 'each', 'server itself', 'everything', 'everything as RSS'],
      rows,
      notes: [
        'PSS: pages that processes share are divided among them; RSS counts them for everyone. **Each** is what was added to the server and the processes it keeps ready, divided by the conversations.',
        'Three turns of 30 tokens each, 10 tools. Suspended: the last answer called a tool, and the process waits for the result.',
      ],
    },
  ];
};

/** A server of its own for each figure: memory that was once used is not always given back. */
const hold = async (conversations: number, state: 'idle' | 'suspended'): Promise<Held> => {
  await using upstream = await startUpstream();
  await using server = await startServer(upstream, { MAX_PROCESSES: String(conversations + 8), SPARES: '0' });
  const target = messagesTarget('server', server.url);
  const first = Talk.with(target, { system: 'warm-up', tools: agentTools });
  await first.say(ANSWER);
  await first.end();
  await untilQuiet(server.pid);
  const before = pssBytes(server.pid);
  for (let made = 0; made < conversations; made += 1) {
    const talk = Talk.with(target, { system: agentPrompt(`agent ${made}`), tools: agentTools });
    await talk.say(ANSWER);
    await talk.say(ANSWER);
    await talk.say(state === 'suspended' ? toolThen(ANSWER) : ANSWER);
  }
  await untilQuiet(server.pid);
  const all = sum(treeOf(server.pid).map(({ pid }) => pssOf(pid)));
  return { conversations, state, added: all - before, server: pssOf(server.pid), all, rss: rssBytes(server.pid) };
};

const rowOf = ({ conversations, state, added, server, all, rss }: Held): string[] => [
  String(conversations),
  state,
  megabytes(added / conversations),
  megabytes(server),
  megabytes(all),
  megabytes(rss),
];

export const memory: Bench = { name: 'memory', about: 'memory per held conversation', run };
