/** The client of the measurements: one streamed request, timed from its first byte out to the first token in. */
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import type { ContentBlock, TurnRequest } from '../../src/turn/turn.ts';
import { chat, messages, type WireDialect } from './wire-dialects.ts';

/** Something that answers: the upstream itself, this server, or a peer. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly dialect: WireDialect;
  readonly headers: Readonly<Record<string, string>>;
  /** The model's name there, where it is another one. */
  readonly model?: string;
}

export interface Reply {
  readonly firstTokenMs: number;
  readonly totalMs: number;
  /** Between two pieces of the answer, from its first token on. */
  readonly longestGapMs: number;
  readonly content: readonly ContentBlock[];
}

export const MODEL = 'claude-sonnet-4-5-20250929';

/** For the upstream, and for this server: both speak the Messages API. */
export const messagesTarget = (name: string, url: string): Target => ({
  name,
  url,
  dialect: messages,
  headers: { 'x-api-key': 'bench', 'anthropic-version': '2023-06-01' },
});

export const chatTarget = (name: string, url: string, more: Partial<Target> = {}): Target => ({
  name,
  url,
  dialect: chat,
  headers: { authorization: 'Bearer bench' },
  ...more,
});

const LIMIT_MS = 120_000;
// Connections stay open, as those of an agent do.
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Throws for any answer that is not a complete one with the status 200. */
export const ask = async (target: Target, asked: TurnRequest): Promise<Reply> => {
  const { dialect } = target;
  const body = JSON.stringify(dialect.encode({ ...asked, model: target.model ?? asked.model }));
  const begun = performance.now();
  const sent = httpRequest(`${target.url}${dialect.path}`, {
    method: 'POST',
    agent,
    headers: { ...target.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
  let text = '';
  let firstTokenMs = Number.NaN;
  let longestGapMs = 0;
  let last = Number.NaN;
  for await (const chunk of response) {
    text += chunk.toString('utf8');
    const now = performance.now();
    if (now - last > longestGapMs) longestGapMs = now - last;
    if (!Number.isNaN(firstTokenMs)) last = now;
    if (Number.isNaN(firstTokenMs) && dialect.firstToken.test(text)) firstTokenMs = performance.now() - begun;
  }
  const totalMs = performance.now() - begun;
  if (response.statusCode !== 200)
    throw new Error(`${target.name} answered ${response.statusCode}: ${text.slice(0, 300)}`);
  if (Number.isNaN(firstTokenMs)) throw new Error(`${target.name} answered without a token: ${text.slice(-300)}`);
  return { firstTokenMs, totalMs, longestGapMs, content: dialect.decode(framesOf(text)) };
};

export const textOf = (content: readonly ContentBlock[]): string =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');

const framesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice('data: '.length)) as unknown] : []));
