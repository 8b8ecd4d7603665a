/** Continuing turns completed per second, by the number of clients that talk at the same time. */
import { messagesTarget, textOf, type Reply, type Target } from './support/client.ts';
import { startServer, startUpstream, type Hosted } from './support/host.ts';
import { cpuMs, pssBytes, rssBytes, untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, megabytes, p95, ratio, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, Talk } from './support/talk.ts';

const LEVELS = [1, 4, 16, 64];
const TURNS = 30;
const PROMPT = agentPrompt('one of many agents');

export interface Load {
  readonly clients: number;
  /** Of all clients together. */
  readonly seconds: number;
  readonly turnsPerSecond: number;
  readonly firstTokenMs: readonly number[];
  readonly errors: readonly string[];
  /** Answers that carried another client's marker, or none. */
  readonly mixedUp: number;
  readonly cpuMsPerTurn: number;
  /** Of the server with its children; sampled, and shared pages counted for each who has them. */
  readonly peakRssBytes: number;
  /** The same with shared pages counted once, when the last turn was over. */
  readonly heldPssBytes: number;
}

export interface LoadOptions {
  readonly clients: number;
  readonly seconds: number;
  /** Turns of one conversation; then each client begins another one, outside of the measured time. */
  readonly turns: number;
  /** The message that asks for an answer which begins with the marker; without it markers are not checked. */
  readonly marked?: (marker: string) => string;
  readonly signal: AbortSignal;
}

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const seconds = scale.quick ? 2 : 15;
  const levels = scale.quick ? [1, 4] : LEVELS;
  await using upstream = await startUpstream();
  await using server = await startServer(upstream);
  await using direct = await startServer(upstream, { ENGINE: 'anthropic-api' });
  const rows: string[][] = [];
  for (const clients of levels) {
    const base = await measure('the upstream alone', upstream, { clients });
    rows.push(rowOf('upstream alone', base, base));
    rows.push(rowOf('ENGINE=anthropic-api', await measure('ENGINE=anthropic-api', direct, { clients }), base));
    rows.push(rowOf('this server', await measure('this server', server, { clients }), base));
  }
  return [
    {
      title: 'Continuing turns per second',
      head: [
        '',
        'clients',
        'turns/s',
        'of the upstream',
        'first token, median ms',
        'p95',
        'CPU ms/turn',
        'errors',
        'mixed up',
        'peak RSS, MB',
        'PSS at the end, MB',
      ],
      rows,
      notes: [
        `Each client keeps one conversation and asks again as soon as it has its answer, ${TURNS} times; then all begin new conversations, until ${seconds} s have been measured. First turns are not counted. 10 tools, answers of 30 tokens, each client checks its own marker in every answer.`,
        `Default settings otherwise (MAX_CONCURRENCY is 16, so 64 clients wait for each other). 64 conversations share 16 processes: most turns take their conversation in anew.`,
      ],
    },
  ];

  async function measure(
    name: string,
    place: Hosted,
    { clients, turns = TURNS }: { clients: number; turns?: number },
  ): Promise<Load> {
    scale.say(`throughput: ${clients} clients on ${name}`);
    return load(messagesTarget(name, place.url), place.pid, {
      clients,
      seconds,
      turns,
      signal: scale.signal,
      marked: (marker) => `[[text:${marker}${' word'.repeat(29)}]]`,
    });
  }
};

const rowOf = (name: string, measured: Load, base: Load): string[] => [
  name,
  String(measured.clients),
  rounded(measured.turnsPerSecond),
  ratio(measured.turnsPerSecond, base.turnsPerSecond),
  rounded(median(measured.firstTokenMs)),
  rounded(p95(measured.firstTokenMs)),
  rounded(measured.cpuMsPerTurn),
  measured.errors.length === 0 ? '0' : `${measured.errors.length} (${measured.errors[0]?.slice(0, 120)})`,
  String(measured.mixedUp),
  megabytes(measured.peakRssBytes),
  megabytes(measured.heldPssBytes),
];

/** Runs `clients` conversations at a time against a target whose processes are those below `pid`. */
export const load = async (target: Target, pid: number, options: LoadOptions): Promise<Load> => {
  const { clients, seconds, turns, signal, marked } = options;
  const total = {
    seconds: 0,
    cpuMs: 0,
    mixedUp: 0,
    heldPssBytes: 0,
    replies: [] as Reply[],
    errors: [] as string[],
    rss: [rssBytes(pid)],
  };
  while (total.seconds < seconds && total.errors.length === 0 && !signal.aborted) {
    const team = Array.from({ length: clients }, (_, index) => new Client(target, `c${index}`, marked));
    await Promise.all(team.map((client) => client.begin()));
    await untilQuiet(pid);
    const cpuBefore = cpuMs(pid);
    const sampler = setInterval(() => total.rss.push(rssBytes(pid)), 500);
    const begun = performance.now();
    await Promise.all(team.map((client) => client.talk(turns, signal)));
    total.seconds += (performance.now() - begun) / 1000;
    clearInterval(sampler);
    total.rss.push(rssBytes(pid));
    total.heldPssBytes = Math.max(total.heldPssBytes, pssBytes(pid));
    await untilQuiet(pid);
    total.cpuMs += cpuMs(pid) - cpuBefore;
    await Promise.all(team.map((client) => client.end()));
    total.replies.push(...team.flatMap((client) => client.replies));
    total.errors.push(...team.flatMap((client) => client.errors));
    total.mixedUp += team.reduce((count, client) => count + client.mixedUp, 0);
  }
  return {
    clients,
    seconds: total.seconds,
    turnsPerSecond: total.replies.length / total.seconds,
    firstTokenMs: total.replies.map(({ firstTokenMs }) => firstTokenMs),
    errors: total.errors,
    mixedUp: total.mixedUp,
    cpuMsPerTurn: total.cpuMs / total.replies.length,
    peakRssBytes: Math.max(...total.rss),
    heldPssBytes: total.heldPssBytes,
  };
};

class Client {
  readonly replies: Reply[] = [];
  readonly errors: string[] = [];
  mixedUp = 0;
  readonly #marker: string;
  readonly #talk: Talk;
  readonly #marked: LoadOptions['marked'];
  #turns = 0;

  constructor(target: Target, marker: string, marked: LoadOptions['marked']) {
    this.#marker = marker;
    this.#marked = marked;
    this.#talk = Talk.with(target, { system: PROMPT, tools: agentTools });
  }

  /** The first turn, which the figures leave out; what goes wrong with it counts. */
  async begin(): Promise<void> {
    await this.#turn();
    this.replies.length = 0;
  }

  async talk(turns: number, signal: AbortSignal): Promise<void> {
    // A client whose server fails must not ask in a tight loop.
    for (let turn = 0; turn < turns && this.errors.length < 3 && !signal.aborted; turn += 1) await this.#turn();
  }

  async end(): Promise<void> {
    await this.#attempt(() => this.#talk.end());
  }

  #turn(): Promise<void> {
    this.#turns += 1;
    const marker = `${this.#marker}-t${this.#turns}`;
    return this.#attempt(async () => {
      const reply = await this.#talk.say(this.#marked?.(marker) ?? `Go on, ${marker}.`);
      if (this.#marked !== undefined && !textOf(reply.content).startsWith(`${marker} `)) this.mixedUp += 1;
      this.replies.push(reply);
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.errors.push(error instanceof Error ? error.message : String(error));
    }
  }
}

export const throughput: Bench = {
  name: 'throughput',
  about: 'continuing turns per second at 1, 4, 16 and 64 clients, errors, CPU, memory',
  run,
};
