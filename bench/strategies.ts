/** What each way of serving a request costs on one process: the constants of `src/engines/claude/conversation/costs.ts`. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { startDemoUpstream } from '../src/demo/upstream.ts';
import { toConversation } from '../src/engines/claude/conversation/conversation.ts';
import { COST } from '../src/engines/claude/conversation/costs.ts';
import { resumeOptions } from '../src/engines/claude/conversation/transcript.ts';
import { Child } from '../src/engines/claude/process/child/child.ts';
import { cliOptions, folderOf, type ClaudeHost } from '../src/engines/claude/process/control/cli-options.ts';
import type { CliProcess } from '../src/engines/claude/process/control/cli-process.ts';
import { toTurnSettings } from '../src/engines/claude/process/control/turn-settings.ts';
import type { Message, TurnRequest } from '../src/turn/turn.ts';
import { MODEL } from './support/client.ts';
import { engineOptions, startCli } from './support/engine.ts';
import { temporaryFolder } from './support/host.ts';
import { untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER } from './support/talk.ts';

const MESSAGES = 100;
type Measured = Record<keyof Pick<typeof COST, 'rewind' | 'interrupt' | 'append' | 'start' | 'resume'>, number[]>;

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const rounds = scale.quick ? 2 : 10;
  using dir = temporaryFolder();
  const upstream = await startDemoUpstream({ keepRequests: 2 });
  const host: ClaudeHost = { ...engineOptions(upstream, dir.path), maxRetries: 0 };
  mkdirSync(folderOf(host), { recursive: true });
  const measured: Measured = { rewind: [], interrupt: [], append: [], start: [], resume: [] };
  const children: Child[] = [];
  const start = (options: Parameters<typeof startCli>[0]): Promise<CliProcess> =>
    startCli(options, (recipe) => {
      const child = new Child(recipe);
      children.push(child);
      return child;
    });
  try {
    for (let round = 0; round < rounds && !scale.signal.aborted; round += 1) {
      scale.say(`strategies: round ${round + 1} of ${rounds}`);
      await untilQuiet(process.pid);
      const cold = await timed(measured.start, async () => {
        const cli = await start(cliOptions(host, agentPrompt('an agent')));
        await cli.ready;
        await firstToken(cli, requestOf([]));
        return cli;
      });
      await onOne(cold, measured);
      cold.kill('closing');
      await untilQuiet(process.pid);
      const history = conversationOf(requestOf(messagesOf(MESSAGES))).history;
      const resumed = await timed(measured.resume, async () => {
        const cli = await start(
          cliOptions(host, agentPrompt('an agent'), resumeOptions(history, MODEL, folderOf(host))),
        );
        await cli.ready;
        await firstToken(cli, requestOf([]));
        return cli;
      });
      resumed.kill('closing');
    }
  } finally {
    for (const child of children) child.kill('closing');
    await Promise.all(children.map(({ ended }) => ended));
    await upstream.close();
  }
  const names = Object.keys(measured) as (keyof Measured)[];
  return [
    {
      title: 'What each way costs (ms, median)',
      head: ['', 'measured', 'in costs.ts'],
      rows: names.map((name) => [name, rounded(median(measured[name])), String(COST[name])]),
      notes: [
        `${rounds} rounds. Start and resume: from the spawn to the first token, 10 tools; resume with ${MESSAGES} messages. Append: one message of 400 characters. Rewind: to the beginning, with ${MESSAGES} messages. Interrupt: the same in the middle of an answer.`,
      ],
    },
  ];
};

/** Append, rewind and interrupt on a process that has answered before. */
const onOne = async (cli: CliProcess, measured: Measured): Promise<void> => {
  const { history } = conversationOf(requestOf(messagesOf(MESSAGES)));
  const ids = history.map(() => randomUUID());
  const begun = performance.now();
  for (const [index, exchange] of history.entries()) await cli.append(exchange, ids[index] ?? '');
  measured.append.push((performance.now() - begun) / MESSAGES);
  await timed(measured.rewind, () => cli.rewind(ids[0] ?? '', undefined));
  const id = randomUUID();
  const answering = firstToken(cli, requestOf([], '[[tokens:50]] [[slow:50]]'), id);
  await answering;
  await timed(measured.interrupt, () => cli.rewind(id, undefined));
};

const timed = async <T>(times: number[], work: () => Promise<T>): Promise<T> => {
  const begun = performance.now();
  const value = await work();
  times.push(performance.now() - begun);
  return value;
};

const firstToken = async (cli: CliProcess, request: TurnRequest, id: string = randomUUID()): Promise<void> => {
  await cli.configure(toTurnSettings(request), false);
  await new Promise<void>((resolve, reject) => {
    cli.listen({
      message: (message) => {
        if (message.type === 'stream_event' && message.event.type === 'content_block_delta') resolve();
        if (message.type === 'result' && message.is_error) reject(new Error(JSON.stringify(message)));
      },
      ended: ({ reason }) => reject(new Error(`the process ended: ${reason}`)),
    });
    cli.ask(conversationOf(request).turn, id);
  });
};

const conversationOf = (request: TurnRequest) => {
  const conversation = toConversation('bench', request);
  if (conversation === undefined) throw new Error('the history does not end with a user message');
  return conversation;
};

const requestOf = (history: readonly Message[], content = ANSWER): TurnRequest => ({
  model: MODEL,
  max_tokens: 1000,
  tools: [...agentTools],
  messages: [...history, { role: 'user', content }],
});

const messagesOf = (length: number): Message[] =>
  Array.from({ length }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `message ${index}: ${'what an agent says and reads. '.repeat(13)}`,
  }));

export const strategies: Bench = { name: 'strategies', about: 'what each way of serving a request costs', run };
