/** Time to the first token beside the upstream's own, and the CPU time of a continuing turn. */
import type { Message } from '../src/turn/turn.ts';
import { ask, chatTarget, messagesTarget, type Target } from './support/client.ts';
import { apiInProcess, claudeInProcess } from './support/engine.ts';
import { startServer, startUpstream, type Hosted } from './support/host.ts';
import { cpuMs, ownCpuMs, untilQuiet } from './support/process-tree.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, p95, ratio, rounded } from './support/statistics.ts';
import { agentPrompt, agentTools, ANSWER, PACED_ANSWER, Talk, toolThen, type Send } from './support/talk.ts';

const PROMPT = agentPrompt('an agent that repeats its prompt');
const SETTINGS = { MAX_PROCESSES: '24' };

/** One sample: what this server needed, and what the upstream needed for the same request just before. */
interface Sample {
  readonly proxied: number;
  readonly direct: number;
}

class Samples {
  readonly #byName = new Map<string, Sample[]>();
  readonly #upstream: Target;
  readonly #quiet: () => Promise<void>;

  constructor(upstream: Target, quiet: () => Promise<void>) {
    this.#upstream = upstream;
    this.#quiet = quiet;
  }

  /** Asks the upstream itself, then measures `talk` with the very same request. */
  async take(name: string, talk: Talk, content: Message['content']): Promise<void> {
    await this.#quiet();
    const direct = await ask(this.#upstream, talk.next(content));
    const proxied = await talk.say(content);
    this.#byName.set(name, [
      ...(this.#byName.get(name) ?? []),
      { proxied: proxied.firstTokenMs, direct: direct.firstTokenMs },
    ]);
  }

  rows(): string[][] {
    return [...this.#byName].map(([name, samples]) => {
      const proxied = samples.map((sample) => sample.proxied);
      const direct = samples.map((sample) => sample.direct);
      const added = samples.map((sample) => sample.proxied - sample.direct);
      return [
        name,
        rounded(median(direct)),
        rounded(median(proxied)),
        rounded(p95(proxied)),
        rounded(median(added)),
        ratio(median(proxied), median(direct)),
      ];
    });
  }
}

const run = async (scale: Scale): Promise<readonly Table[]> => {
  const rounds = scale.quick ? 3 : 25;
  await using upstream = await startUpstream();
  await using cold = await startServer(upstream, { ...SETTINGS, SPARES: '0' });
  await using server = await startServer(upstream, SETTINGS);
  await using direct = await startServer(upstream, { ENGINE: 'anthropic-api' });
  await using engine = claudeInProcess(upstream);
  await using api = apiInProcess(upstream);
  const samples = new Samples(messagesTarget('upstream', upstream.url), () =>
    untilQuiet(upstream.pid, cold.pid, server.pid, direct.pid, process.pid),
  );
  const places: Places = {
    cold: sendTo(cold),
    server: sendTo(server),
    chat: (request) => ask(chatTarget('server', server.url), request),
    direct: sendTo(direct),
    engine: engine.send,
    api: api.send,
  };
  await warmUp(places);
  for (let round = 0; round < rounds && !scale.signal.aborted; round += 1) {
    scale.say(`latency: round ${round + 1} of ${rounds}`);
    await oneRound(samples, places, `${round} of ${process.pid}`);
  }
  const table: Table = {
    title: 'Time to the first token (ms)',
    head: ['step', 'upstream alone, median', 'through this server, median', 'p95', 'added, median', 'ratio'],
    rows: samples.rows(),
    notes: [
      `${rounds} rounds; in each round every row is measured once, right after the same request to the upstream alone. System prompt of 3.5 kB, 10 tools, answers of 30 tokens, one every 2 ms.`,
    ],
  };
  return [table, await cpuTable(upstream, { server, direct }, scale)];
};

type Place = 'cold' | 'server' | 'chat' | 'direct' | 'engine' | 'api';
type Places = Readonly<Record<Place, Send>>;

const sendTo = (hosted: Hosted): Send => {
  const target = messagesTarget('server', hosted.url);
  return (request) => ask(target, request);
};

const talkOn = (send: Send, system = PROMPT): Talk => new Talk(send, { system, tools: agentTools });

/** Until every server has been asked, and the prompt that repeats has been seen to repeat. */
const warmUp = async (places: Places): Promise<void> => {
  for (const send of [...Object.values(places), places.server, places.server]) {
    const talk = talkOn(send);
    await talk.say(ANSWER);
    await talk.end();
  }
};

const oneRound = async (samples: Samples, places: Places, id: string): Promise<void> => {
  const fresh = talkOn(places.cold, agentPrompt(`a new agent, ${id}`));
  await samples.take('first turn, process started for it', fresh, PACED_ANSWER);
  await fresh.end();

  const spare = talkOn(places.server, agentPrompt(`another new agent, ${id}`));
  await samples.take('first turn, new prompt, on a warm process', spare, PACED_ANSWER);
  await spare.end();

  const held = talkOn(places.server);
  await samples.take('first turn, prompt that repeats', held, `${PACED_ANSWER} ${id}`);
  await samples.take('second turn', held, PACED_ANSWER);
  for (let turn = 2; turn < 9; turn += 1) await held.say(ANSWER);
  await samples.take('tenth turn', held, PACED_ANSWER);
  await toolStep(samples, held, 'tool step');

  const chat = talkOn(places.chat);
  await chat.say(`${PACED_ANSWER} ${id}`);
  await samples.take('second turn, /v1/chat/completions', chat, PACED_ANSWER);
  await toolStep(samples, chat, 'tool step, /v1/chat/completions');

  const alone = talkOn(places.engine);
  await alone.say(`${PACED_ANSWER} ${id}`);
  await samples.take('second turn, engine alone (no HTTP)', alone, PACED_ANSWER);
  await toolStep(samples, alone, 'tool step, engine alone (no HTTP)');

  const direct = talkOn(places.direct);
  await samples.take('ENGINE=anthropic-api, first turn', direct, PACED_ANSWER);
  await samples.take('ENGINE=anthropic-api, second turn', direct, PACED_ANSWER);
  await toolStep(samples, direct, 'ENGINE=anthropic-api, tool step');

  const without = talkOn(places.api);
  await without.say(`${PACED_ANSWER} ${id}`);
  await samples.take('ENGINE=anthropic-api, second turn, engine alone (no HTTP)', without, PACED_ANSWER);
};

const toolStep = async (samples: Samples, talk: Talk, name: string): Promise<void> => {
  await talk.say(toolThen(PACED_ANSWER));
  await samples.take(name, talk, talk.results());
  await talk.end();
};

const cpuTable = async (
  upstream: Hosted,
  servers: { server: Hosted; direct: Hosted },
  scale: Scale,
): Promise<Table> => {
  const turns = scale.quick ? 10 : 60;
  const rows: string[][] = [];
  for (const [name, place, send] of [
    ['upstream alone', upstream, sendTo(upstream)],
    ['this server', servers.server, sendTo(servers.server)],
    ['this server, ENGINE=anthropic-api', servers.direct, sendTo(servers.direct)],
  ] as const) {
    for (const [how, answer] of [
      ['at once', ANSWER],
      ['one token every 2 ms', PACED_ANSWER],
    ] as const) {
      scale.say(`latency: CPU time of ${name}, ${how}`);
      const { server, children } = await cpuOf(place, send, { turns, answer });
      rows.push([name, how, rounded(server), rounded(children), rounded(server + children)]);
    }
  }
  return {
    title: 'CPU time of a continuing turn (ms)',
    head: ['', 'the answer comes', 'server', 'Claude Code', 'together'],
    rows,
    notes: [
      `Mean of ${turns} turns of one conversation that grows with each, from a pause to a pause, so that work after the answer counts. The kernel counts in steps of 10 ms, over the whole.`,
    ],
  };
};

const cpuOf = async (
  place: Hosted,
  send: Send,
  { turns, answer }: { turns: number; answer: string },
): Promise<{ server: number; children: number }> => {
  const talk = talkOn(send);
  // Code that has just been loaded is slower than it will ever be again.
  for (let turn = 0; turn < 5; turn += 1) await talk.say(answer);
  await untilQuiet(place.pid);
  const before = { own: ownCpuMs(place.pid), all: cpuMs(place.pid) };
  for (let turn = 0; turn < turns; turn += 1) await talk.say(answer);
  await untilQuiet(place.pid);
  const own = ownCpuMs(place.pid) - before.own;
  const all = cpuMs(place.pid) - before.all;
  await talk.end();
  return { server: own / turns, children: (all - own) / turns };
};

export const latency: Bench = {
  name: 'latency',
  about: 'time to the first token, and CPU time, of each kind of step',
  run,
};
