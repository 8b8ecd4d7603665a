/** Where the milliseconds of a second turn go, between the request and the first token. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { startDemoUpstream, type DemoUpstream } from '../src/demo/upstream.ts';
import { toConversation, type Conversation } from '../src/engines/claude/conversation/conversation.ts';
import { choosePlan } from '../src/engines/claude/conversation/plan.ts';
import { Child } from '../src/engines/claude/process/child/child.ts';
import { cliOptions, folderOf } from '../src/engines/claude/process/control/cli-options.ts';
import type { CliProcess } from '../src/engines/claude/process/control/cli-process.ts';
import { toTurnSettings } from '../src/engines/claude/process/control/turn-settings.ts';
import type { Message, TurnRequest } from '../src/turn/turn.ts';
import { engineOptions, startCli } from './support/engine.ts';
import { MODEL } from './support/client.ts';
import { temporaryFolder } from './support/host.ts';
import { cpuMs, untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools } from './support/talk.ts';

const SYSTEM = agentPrompt('an agent under the microscope');
const DELTAS = 30;

/** Moments of one turn, in milliseconds of `performance.now()`; all in this one process. */
interface Moments {
  begun: number;
  chosen: number;
  configured: number;
  written: number;
  arrived: number;
  read: number;
  answered: number;
  printed: number;
  heard: number;
  over: number;
  cpu: number;
}

const STAGES: readonly (readonly [string, keyof Moments, keyof Moments])[] = [
  ['hash the history, read the settings, choose the process', 'begun', 'chosen'],
  ['settings that have not changed', 'chosen', 'configured'],
  ['to the standard input of Claude Code', 'configured', 'written'],
  ['Claude Code: from its input to the request at the upstream', 'written', 'arrived'],
  ['upstream: read and check the request', 'arrived', 'read'],
  ['upstream: make the answer; Claude Code: pass its beginning on', 'read', 'answered'],
  ['Claude Code: from there to the first token on its output', 'answered', 'printed'],
  ['Agent SDK: from the output to the event', 'printed', 'heard'],
  ['all, to the first token', 'begun', 'heard'],
  ['from the first token to the process being free again', 'heard', 'over'],
];

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const histories = scale.quick ? [2, 40] : [2, 40, 200, 400];
  const rounds = scale.quick ? 5 : 40;
  const measured = new Map<number, Moments[]>();
  for (const length of histories) {
    scale.say(`profile: ${length} messages before the turn`);
    measured.set(length, await measure(length, rounds));
    if (scale.signal.aborted) return [];
  }
  const row = (name: string, of: (moments: Moments) => number): string[] => [
    name,
    ...histories.map((length) => rounded(median((measured.get(length) ?? []).map(of)))),
  ];
  return [
    {
      title: 'Where the time of a continuing turn goes (ms, median)',
      head: ['messages before it', ...histories.map(String)],
      rows: [
        ...STAGES.map(([name, from, to]) => row(name, (moments) => moments[to] - moments[from])),
        row('CPU of Claude Code', (moments) => moments.cpu),
      ],
      notes: [
        `${rounds} turns each, one after the other on one process, so the history grows by two messages a turn. 10 tools, answers of ${DELTAS} tokens; engine and upstream in one process, no HTTP in front.`,
      ],
    },
  ];
};

const measure = async (length: number, rounds: number): Promise<Moments[]> => {
  using dir = temporaryFolder();
  const upstream = await startDemoUpstream({ keepRequests: 2 });
  const host = { ...engineOptions(upstream, dir.path), maxRetries: 0 };
  mkdirSync(folderOf(host), { recursive: true });
  const children: Child[] = [];
  try {
    const probe = new Probe(upstream);
    const cli = await startCli(cliOptions(host, SYSTEM), (recipe) => {
      const child = new Child(recipe);
      children.push(child);
      probe.watch(child);
      return child;
    });
    await cli.ready;
    const messages: Message[] = Array.from({ length }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `message ${index}: ${'some words of an agent. '.repeat(16)}`,
    }));
    await cli.configure(toTurnSettings(requestOf(messages)), false);
    const { history } = conversationOf(requestOf([...messages, { role: 'user', content: 'x' }]));
    for (const exchange of history) await cli.append(exchange, randomUUID());
    const all: Moments[] = [];
    // The first is a warm-up.
    for (let round = 0; round <= rounds; round += 1) {
      messages.push({ role: 'user', content: `[[tokens:${DELTAS}]] ${round}` });
      const { moments, text } = await probe.turn(cli, requestOf(messages));
      messages.push({ role: 'assistant', content: text });
      if (round > 0) all.push(moments);
      if (round % 10 === 0) await untilQuiet(process.pid);
    }
    return all;
  } finally {
    for (const child of children) child.kill('closing');
    await Promise.all(children.map(({ ended }) => ended));
    await upstream.close();
  }
};

/** Looks at one process from all sides. */
class Probe {
  #now: Partial<Moments> = {};
  #pid = 0;

  constructor(upstream: DemoUpstream) {
    upstream.script((_body, { startedAt }) => {
      this.#now.arrived = startedAt;
      this.#now.read = performance.now();
      return undefined;
    });
  }

  watch(child: Child): void {
    this.#pid = child.pid ?? 0;
    const { stdin, stdout } = child.process;
    const write = stdin.write.bind(stdin) as (...args: unknown[]) => boolean;
    stdin.write = ((...args: unknown[]) => {
      this.#now.written = performance.now();
      return write(...args);
    }) as typeof stdin.write;
    stdout.prependListener('data', (chunk: Buffer) => {
      const text = String(chunk);
      if (text.includes('"message_start"')) this.#now.answered ??= performance.now();
      if (text.includes('content_block_delta')) this.#now.printed ??= performance.now();
    });
  }

  async turn(cli: CliProcess, request: TurnRequest): Promise<{ moments: Moments; text: string }> {
    const cpu = cpuMs(this.#pid);
    this.#now = { begun: performance.now() };
    const conversation = conversationOf(request);
    const settings = toTurnSettings(request);
    choosePlan(conversation, settings, { processes: [], room: true });
    this.#now.chosen = performance.now();
    await cli.configure(settings, false);
    this.#now.configured = performance.now();
    const text = await this.#answerOf(cli, conversation);
    const moments = { ...this.#now, cpu: cpuMs(this.#pid) - cpu } as Moments;
    return { moments, text };
  }

  #answerOf(cli: CliProcess, conversation: Conversation): Promise<string> {
    let text = '';
    return new Promise((resolve, reject) => {
      cli.listen({
        message: (message) => {
          if (message.type === 'stream_event' && message.event.type === 'content_block_delta') {
            this.#now.heard ??= performance.now();
            if (message.event.delta.type === 'text_delta') text += message.event.delta.text;
          }
          if (message.type !== 'result') return;
          this.#now.over = performance.now();
          if (message.is_error) reject(new Error(JSON.stringify(message)));
          else resolve(text);
        },
        ended: ({ reason }) => reject(new Error(`the process ended: ${reason}`)),
      });
      cli.ask(conversation.turn, randomUUID());
    });
  }
}

const requestOf = (messages: readonly Message[]): TurnRequest => ({
  model: MODEL,
  max_tokens: 1000,
  system: SYSTEM,
  tools: [...agentTools],
  messages: [...messages],
});

const conversationOf = (request: TurnRequest): Conversation => {
  const conversation = toConversation('bench', request);
  if (conversation === undefined) throw new Error('the history does not end with a user message');
  return conversation;
};

export const profile: Bench = { name: 'profile', about: 'where the milliseconds of a second turn go', run };
