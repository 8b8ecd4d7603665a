/**
 * Nothing of one conversation reaches another: whatever clients do, each request at the upstream is the one that a fresh
 * process would have sent. With the real CLI; `npm run test:chaos` runs the full count.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DemoRequestBody } from '../../../src/demo/answer.ts';
import { TurnError } from '../../../src/turn/errors.ts';
import type { Message, TurnRequest } from '../../../src/turn/turn.ts';
import { countOf, randomFrom, seed, type Random } from './chaos-support.ts';
import { childrenOf, isRunning } from './ends-support.ts';
import {
  arrivedBody,
  comparable,
  differences,
  expectedBody,
  operationOf,
  parametersOf,
  pick,
  type Parameters,
} from './isolation-support.ts';
import { run, startLab, turnOf, type Lab, type Ran } from './support.ts';

const CLIENTS = 4;
const PROCESSES = 5;
const OPERATIONS = countOf(20_000, 500);
/** One in so many is also sent by a process started for it, and the two requests compared byte for byte. */
const TWIN_EVERY = 40;
const LIMIT_MS = 6 * 3_600_000;

interface Talk {
  readonly owner: string;
  parameters: Parameters;
  messages: Message[];
}

describe(`isolation with CHAOS_SEED=${seed}`, () => {
  let lab: Lab;
  let reference: Lab;
  const asked = new Map<number, TurnRequest>();
  const arrivals = new Map<number, number>();
  const sampled = new Map<number, { body: unknown; betas: unknown }>();
  const wrong: unknown[] = [];
  let twins = 0;
  const counts: Record<string, number> = {};
  let operations = 0;

  beforeEach(async () => {
    lab = await startLab({ maxProcesses: PROCESSES, maxRetries: 0 });
    reference = await startLab({ recycle: false, maxProcesses: 2 });
    watch();
  });
  afterEach(async () => {
    await lab.close();
    await reference.close();
  });

  /** Forgets the requests so far, and looks at those to come. */
  const watch = (): void => {
    lab.upstream.clear();
    lab.upstream.script((body, { path, headers }) => {
      if (!path.includes('count_tokens')) compare(body, headers['anthropic-beta']);
      return undefined;
    });
  };

  const compare = (body: DemoRequestBody, betas: unknown): void => {
    const number = operationOf(body.messages as unknown as Message[]);
    const request = number === undefined ? undefined : asked.get(number);
    if (number === undefined || request === undefined) {
      wrong.push({ unknown: JSON.stringify(body.messages.at(-1)).slice(0, 300) });
      return;
    }
    arrivals.set(number, (arrivals.get(number) ?? 0) + 1);
    if (number % TWIN_EVERY === 0) sampled.set(number, { body, betas });
    const arrived = comparable(arrivedBody(body as unknown as Record<string, unknown>, request));
    const expected = comparable(expectedBody(request));
    const found = differences(arrived, expected);
    if (found.length > 0) wrong.push({ number, found });
  };

  /** Asks, and expects an answer or one of the errors that belong to what was done. */
  const ask = async (talk: Talk, more: Partial<TurnRequest>, leave?: AbortSignal): Promise<Ran | undefined> => {
    const number = operations;
    const request: TurnRequest = { ...talk.parameters, ...more, messages: talk.messages };
    asked.set(number, request);
    try {
      const ran = await run(lab, turnOf(request, talk.owner), leave);
      counts[ran.strategy ?? '?'] = (counts[ran.strategy ?? '?'] ?? 0) + 1;
      if (number % TWIN_EVERY === 0) await compareWithTwin(request, number);
      return ran;
    } catch (error) {
      expect(error).toBeInstanceOf(TurnError);
      const { code } = error as TurnError;
      counts[code] = (counts[code] ?? 0) + 1;
      expect(['client_closed', 'engine_died', 'upstream_overloaded', 'upstream_invalid_request']).toContain(code);
      return undefined;
    } finally {
      // One more where a process died under it; the CLI asks three times before it believes a 400.
      const most = JSON.stringify(request.messages.at(-1)).includes('[[error:400]]') ? 6 : 2;
      if ((arrivals.get(number) ?? 0) > most) wrong.push({ number, arrivals: arrivals.get(number) });
    }
  };

  const compareWithTwin = async (request: TurnRequest, number: number): Promise<void> => {
    await run(reference, turnOf(request, `twin ${number}`));
    const twin = reference.upstream.messageRequests.at(-1);
    const mine = comparable(sampled.get(number) ?? 'nothing');
    const other = comparable({ body: twin?.body, betas: twin?.headers['anthropic-beta'] });
    const found = differences(mine, other);
    if (found.length > 0) wrong.push({ number, twin: found });
    twins += 1;
  };

  const say = (random: Random, extra = ''): Message => ({
    role: 'user',
    content: `op-${operations} ${pick(random, ['Hello', 'Tell me', '/compact', '(no content)', 'ünï \u{1F600}'])} [[slow:${Math.floor(random() * 3)}]] ${extra}`,
  });
  const tool = ({ parameters }: Talk): string =>
    parameters.tools?.[0] !== undefined && 'name' in parameters.tools[0] ? parameters.tools[0].name : '';

  const answered = (talk: Talk, ran: Ran | undefined): void => {
    // What was not answered is not part of the conversation.
    if (ran === undefined || ran.message.content.length === 0) talk.messages = talk.messages.slice(0, -1);
    else talk.messages = [...talk.messages, { role: 'assistant', content: ran.message.content }];
    if (talk.messages.length > 14) talk.messages = [];
  };

  const isOpen = ({ messages }: Talk): boolean => {
    const last = messages.at(-1);
    return (
      last?.role === 'assistant' && Array.isArray(last.content) && last.content.some(({ type }) => type === 'tool_use')
    );
  };

  const results = (random: Random, { messages }: Talk): Message => {
    const calls = ((messages.at(-1)?.content ?? []) as { type: string; id: string }[]).filter(
      ({ type }) => type === 'tool_use',
    );
    const kind = random();
    const content = calls.map(({ id }) => ({
      type: 'tool_result' as const,
      tool_use_id: id,
      content: kind < 0.1 ? '' : `op-${operations} result of ${id}`,
      ...(kind > 0.9 && { is_error: true }),
    }));
    const spoken = kind < 0.2 ? [{ type: 'text' as const, text: `op-${operations} and hurry` }] : [];
    return { role: 'user', content: [...content, ...spoken] };
  };

  type Operation = (talk: Talk, random: Random) => Promise<void>;
  const step = async (
    talk: Talk,
    message: Message,
    more: Partial<TurnRequest> = {},
    leave?: AbortSignal,
  ): Promise<void> => {
    talk.messages = [...talk.messages, message];
    answered(talk, await ask(talk, more, leave));
  };
  const goOn: Operation = (talk, random) => step(talk, isOpen(talk) ? results(random, talk) : say(random));
  const cutBack = (talk: Talk, random: Random): void => {
    const users = talk.messages.flatMap(({ role, content }, index) =>
      role === 'user' && typeof content === 'string' ? [index] : [],
    );
    talk.messages = talk.messages.slice(0, users.length === 0 ? 0 : pick(random, users));
  };
  const closed = (talk: Talk): Talk => {
    while (isOpen(talk)) talk.messages = talk.messages.slice(0, -2);
    return talk;
  };

  const kinds: readonly Operation[] = [
    goOn,
    goOn,
    goOn,
    async (talk, random) => {
      talk.messages = [];
      talk.parameters = parametersOf(random);
      await goOn(talk, random);
    },
    async (talk, random) => {
      if (isOpen(talk) || tool(talk) === '') return goOn(talk, random);
      const call = `[[tool:${tool(talk)} {"op":${operations}}]]`;
      await step(talk, say(random, random() < 0.5 ? call : `${call} ${call} [[then]] ${call}`));
    },
    // An edited, a regenerated or a branched conversation.
    async (talk, random) => {
      cutBack(talk, random);
      await step(talk, say(random));
    },
    // Other parameters, or another prompt, in the middle of it.
    async (talk, random) => {
      const { thinking: _, ...parameters } = parametersOf(random);
      const opus = parameters.model === 'claude-opus-5-5';
      talk.parameters = { ...parameters, ...(opus && { thinking: { type: 'adaptive' } }) };
      closed(talk);
      await goOn(talk, random);
    },
    async (talk, random) => {
      const leaving = new AbortController();
      const timer = setTimeout(() => leaving.abort(), random() ** 2 * 80);
      await step(closed(talk), say(random, '[[tokens:40]] [[slow:3]]'), {}, leaving.signal);
      clearTimeout(timer);
    },
    (talk, random) => step(closed(talk), say(random, '[[first:40]] [[tokens:90]]'), { max_tokens: 5 }),
    (talk, random) =>
      step(closed(talk), say(random, pick(random, ['[[error:529]]', '[[error:400]]', '[[text:No]] [[refuse]]']))),
    async (talk) => {
      const messages: Message[] = [...closed(talk).messages, { role: 'user', content: 'Count me' }];
      const counting = lab.engine.countTokens(
        turnOf({ ...talk.parameters, messages }, talk.owner),
        new AbortController().signal,
      );
      const counted = await counting.catch((error: TurnError) => error.code);
      // A process that is killed under it is tried again once.
      if (counted !== 'engine_died') expect(counted).toBeGreaterThan(0);
    },
    async (talk, random) => {
      const victim = random() < 0.3 ? pick(random, childrenOf(lab).filter(isRunning)) : undefined;
      if (victim !== undefined) process.kill(victim, 'SIGKILL');
      await goOn(talk, random);
    },
  ];

  it(`${OPERATIONS} operations`, { timeout: LIMIT_MS }, async () => {
    const client = async (index: number): Promise<void> => {
      const random = randomFrom(seed + index);
      const talks: Talk[] = [0, 1, 2].map((number) => ({
        owner: `owner ${(index + number) % 2}`,
        parameters: parametersOf(random),
        messages: [],
      }));
      let talk = pick(random, talks);
      while (operations < OPERATIONS && wrong.length === 0) {
        operations += 1;
        const operation = pick(random, kinds);
        if (random() < 0.3) talk = pick(random, talks);
        await operation(talk, random);
        if (operations % 50 === 0) watch();
        if (random() < 0.05) await sleep(random() * 50);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
    console.log(
      `isolation: ${operations} operations, ${JSON.stringify(counts)}, ${twins} twins, ${JSON.stringify(lab.engine.health().gauges)}`,
    );
    expect(wrong).toEqual([]);
    expect(twins).toBeGreaterThan(0);
  });
});
