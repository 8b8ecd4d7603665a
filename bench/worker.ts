/** What the Worker and its Durable Object add in front of the container: real workerd, the server as a process in the container's place. */
import { serverImage, startLab, KEY, type Lab } from '../test/worker/lab.ts';
import { ask, MODEL, messagesTarget, type Reply, type Target } from './support/client.ts';
import { startServer, startUpstream } from './support/host.ts';
import type { Bench, Scale, Table } from './support/report.ts';
import { median, p95, rounded } from './support/statistics.ts';

const ENGINE = { ENGINE: 'anthropic-api' };
/** Twenty tokens, one in 20 ms: what is held back shows in the last one. */
const PACED = `[[text:${Array.from({ length: 20 }, (_, index) => `word${index}`).join(' ')}]][[slow:20]][[chunk:1]]`;
const KINDS = { 'first token': '[[text:Good day]]', 'end of a paced stream': PACED } as const;

export const worker: Bench = {
  name: 'worker',
  about: 'the Worker and its Durable Object in front of the server, beside the server itself',
  run: async ({ quick, say, signal }: Scale): Promise<readonly Table[]> => {
    await using upstream = await startUpstream();
    await using server = await startServer(upstream, ENGINE);
    const lab = await startLab({
      image: serverImage(),
      vars: { ...ENGINE, ANTHROPIC_API_KEY: 'bench', ANTHROPIC_BASE_URL: upstream.url, LOG_LEVEL: 'silent' },
    });
    try {
      const targets = [messagesTarget('server alone', server.url), behindWorker(lab)];
      const cold = await coldStart(lab);
      const rows: string[][] = [];
      for (const [kind, content] of Object.entries(KINDS)) {
        say(`worker: ${kind}`);
        const samples = targets.map((): number[] => []);
        for (let round = 0; round < (quick ? 10 : 200); round += 1) {
          signal.throwIfAborted();
          for (const [index, target] of targets.entries())
            samples[index]?.push(timeOf(kind, await askOf(target, content)));
        }
        const base = median(samples[0] ?? []);
        for (const [index, target] of targets.entries()) {
          const own = samples[index] ?? [];
          rows.push([
            `${target.name}, ${kind}`,
            rounded(median(own)),
            rounded(p95(own)),
            index === 0 ? '–' : rounded(median(own) - base),
          ]);
        }
      }
      return [
        {
          title: 'The Worker in front of the server',
          head: ['', 'median ms', 'p95 ms', 'added ms'],
          rows,
          notes: [
            'ENGINE=anthropic-api, so that nothing but the way is measured; 20 tokens of a paced stream, one in 20 ms.',
            `The first answer of a container that was asleep came after ${rounded(cold)} ms: a process here, so this is the server’s own share of a cold start.`,
          ],
        },
      ];
    } finally {
      await lab.close();
    }
  },
};

const behindWorker = (lab: Lab): Target => {
  const target = messagesTarget('through the Worker', lab.url.replace(/\/$/, ''));
  return { ...target, headers: { ...target.headers, 'x-api-key': KEY } };
};

const askOf = (target: Target, content: string): Promise<Reply> =>
  ask(target, { model: MODEL, max_tokens: 100, messages: [{ role: 'user', content }] });

const timeOf = (kind: string, { firstTokenMs, totalMs }: Reply): number =>
  kind === 'first token' ? firstTokenMs : totalMs;

const coldStart = async (lab: Lab): Promise<number> => (await askOf(behindWorker(lab), KINDS['first token'])).totalMs;
