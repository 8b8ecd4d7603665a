/** How long a history takes to get into a fresh process, by its length: appended or resumed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startDemoUpstream, type DemoUpstream } from '../src/demo/upstream.ts';
import { Child } from '../src/engines/claude/child.ts';
import { CliProcess } from '../src/engines/claude/cli-process.ts';
import { toConversation, type Conversation } from '../src/engines/claude/choose-session.ts';
import { cliOptions, type ClaudeHost } from '../src/engines/claude/options.ts';
import type { Exchange } from '../src/engines/claude/history.ts';
import { planReplay } from '../src/engines/claude/replay.ts';
import { toLiveSettings } from '../src/engines/claude/settings.ts';
import { resumeOptions } from '../src/engines/claude/transcript.ts';
import type { Message, TurnRequest } from '../src/turn/turn.ts';
import { MODEL } from './support/client.ts';
import { engineOptions, startCli, type Spawn } from './support/engine.ts';
import { temporaryFolder } from './support/host.ts';
import { untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, ratio, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER } from './support/talk.ts';

const SYSTEM = agentPrompt('an agent that comes back');
const WAYS = ['append, initialised', 'append, spare', 'append, cold', 'resume'] as const;
type Way = (typeof WAYS)[number];

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const lengths = scale.quick ? [2, 40] : [2, 10, 20, 40, 60, 80, 100, 140, 200, 400];
  const rounds = scale.quick ? 1 : 5;
  const upstream = await startDemoUpstream({ keepRequests: 2 });
  using dir = temporaryFolder();
  const lab = new Lab(upstream, { ...engineOptions(upstream, dir.path), maxRetries: 0 });
  mkdirSync(join(dir.path, 'work'), { recursive: true });
  const times = new Map<string, number[]>();
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const length of lengths) {
        scale.say(`replay: ${length} messages, round ${round + 1} of ${rounds}`);
        for (const way of WAYS) {
          if (scale.signal.aborted) return [];
          times.set(`${length} ${way}`, [
            ...(times.get(`${length} ${way}`) ?? []),
            await lab.measure(way, requestOf(length)),
          ]);
        }
      }
    }
  } finally {
    await upstream.close();
  }
  const timeOf = (length: number, way: Way): number => median(times.get(`${length} ${way}`) ?? []);
  const rows = lengths.map((length) => [
    String(length),
    ...WAYS.map((way) => rounded(timeOf(length, way))),
    ratio(timeOf(length, 'append, spare'), timeOf(length, 'resume')),
    planReplay(conversationOf(requestOf(length)).history).kind,
  ]);
  return [
    {
      title: 'Replay: from the request to the first token (ms, median)',
      head: ['messages', ...WAYS, 'append on a spare / resume', 'what this server does'],
      rows,
      notes: [
        `${rounds} rounds. Half of the history are tool calls and their results, 400 characters each. Each replayed history is checked at the upstream: as many messages as were sent.`,
        'Initialised: a process that waited with this very system prompt. Spare: a child that waited for any. Cold: started at the request, as a resume always is.',
      ],
    },
  ];
};

class Lab {
  readonly #upstream: DemoUpstream;
  readonly #host: ClaudeHost;

  constructor(upstream: DemoUpstream, host: ClaudeHost) {
    this.#upstream = upstream;
    this.#host = host;
  }

  /** Milliseconds; throws where the upstream did not get the whole history. */
  async measure(way: Way, request: TurnRequest): Promise<number> {
    const children: Child[] = [];
    const spawn: Spawn = (recipe) => {
      const child = new Child(recipe);
      children.push(child);
      return child;
    };
    try {
      const prepared = await this.#prepare(way, request, spawn);
      await untilQuiet(process.pid);
      const begun = performance.now();
      const conversation = conversationOf(request);
      const settings = toLiveSettings(request);
      const plan = way === 'resume' ? resumePlan(conversation) : undefined;
      const options = cliOptions(
        this.#host,
        SYSTEM,
        plan && resumeOptions(plan.resumed, settings.model, this.#host.workDir),
      );
      const cli = prepared instanceof CliProcess ? prepared : await startCli(options, spawn, prepared);
      await cli.ready;
      await cli.configure(settings, false);
      await cli.append(plan?.appended ?? conversation.history);
      const firstToken = firstTokenOf(cli);
      cli.ask(conversation.turn);
      await firstToken;
      const took = performance.now() - begun;
      this.#check(request);
      return took;
    } finally {
      for (const child of children) child.kill('closing');
      await Promise.all(children.map(({ ended }) => ended));
    }
  }

  async #prepare(way: Way, request: TurnRequest, spawn: Spawn): Promise<CliProcess | Child | undefined> {
    if (way !== 'append, initialised' && way !== 'append, spare') return undefined;
    const cli = await startCli(cliOptions(this.#host, SYSTEM), spawn);
    await cli.ready;
    if (way === 'append, initialised') {
      await cli.configure(toLiveSettings(request), false);
      return cli;
    }
    // The first one only showed how children are spawned, as it does in the engine.
    await cli.end('closing');
    return spawn(cli.recipe);
  }

  #check({ messages }: TurnRequest): void {
    const reached = (this.#upstream.messageRequests.at(-1)?.body as { messages: unknown[] } | undefined)?.messages
      .length;
    if (reached !== messages.length)
      throw new Error(`${messages.length} messages were sent, ${reached} reached the upstream.`);
  }
}

/** The part of the history that a transcript can hold, whatever its length. */
const resumePlan = ({ history }: Conversation): { resumed: readonly Exchange[]; appended: readonly Exchange[] } => {
  const resumable =
    history.findLastIndex(
      ({ role, content }) => role === 'assistant' && !content.some(({ type }) => type === 'tool_use'),
    ) + 1;
  return { resumed: history.slice(0, resumable), appended: history.slice(resumable) };
};

const firstTokenOf = (cli: CliProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    cli.listen({
      message: (message) => {
        if (message.type === 'stream_event' && message.event.type === 'content_block_delta') resolve();
        if (message.type === 'result' && message.is_error) reject(new Error(JSON.stringify(message)));
      },
      ended: ({ reason }) => reject(new Error(`the process ended: ${reason}`)),
    });
  });

const conversationOf = (request: TurnRequest): Conversation => {
  const conversation = toConversation('bench', request);
  if (conversation === undefined) throw new Error('the history does not end with a user message');
  return conversation;
};

/** A history of `length` messages and a turn to go on with: question, call, result, answer, and again. */
const requestOf = (length: number): TurnRequest => ({
  model: MODEL,
  max_tokens: 1000,
  system: SYSTEM,
  tools: [...agentTools],
  messages: [...Array.from({ length }, (_, index) => messageAt(index, length)), { role: 'user', content: ANSWER }],
});

const filler = (index: number): string => `message ${index}: ${'what an agent says and reads. '.repeat(13)}`;

const messageAt = (index: number, length: number): Message => {
  // The last pair is plain, so that the history ends in an answer.
  const inLoop = index - (index % 4) + 4 <= length;
  if (inLoop && index % 4 === 1)
    return {
      role: 'assistant',
      content: [{ type: 'tool_use', id: `toolu_${index}`, name: 'read', input: { path: filler(index) } }],
    };
  if (inLoop && index % 4 === 2)
    return {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: `toolu_${index - 1}`, content: filler(index) }],
    };
  return { role: index % 2 === 0 ? 'user' : 'assistant', content: [{ type: 'text', text: filler(index) }] };
};

export const replay: Bench = {
  name: 'replay',
  about: 'replay time against the length of the history, appended and resumed',
  run,
};
