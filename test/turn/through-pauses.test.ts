import { describe, expect, test } from 'vitest';
import type { TurnEvent } from '../../src/turn/events.ts';
import { foldMessage } from '../../src/turn/fold.ts';
import { throughPauses } from '../../src/turn/through-pauses.ts';
import type { AnswerMessage, TurnRequest } from '../../src/turn/turn.ts';
import { collect, eventsOf, messageOf, streamOf, textBlock } from '../dialects/support.ts';

type Block = AnswerMessage['content'][number];
const search = (id: string): Block[] => [
  { type: 'server_tool_use', id, name: 'web_search', input: { query: id }, caller: { type: 'direct' } },
  { type: 'web_search_tool_result', tool_use_id: id, content: [], caller: { type: 'direct' } },
];
const part = (content: readonly Block[], stop_reason: AnswerMessage['stop_reason'] = 'pause_turn', output = 10) => {
  const message = messageOf(content as Block[]);
  const server_tool_use = { web_search_requests: 1, web_fetch_requests: 0 };
  return {
    ...message,
    stop_reason,
    usage: { ...message.usage, input_tokens: 100, output_tokens: output, server_tool_use },
  };
};
const request: TurnRequest = {
  model: 'm',
  max_tokens: 1_000,
  messages: [{ role: 'user', content: 'x' }],
  tools: [{ type: 'web_search_20250305', name: 'web_search' }],
  tool_choice: { type: 'any', disable_parallel_tool_use: true },
};

/** The events of answers in a row, and the requests that asked for them. */
const running = (answers: readonly AnswerMessage[], asked: TurnRequest = request) => {
  const requests: TurnRequest[] = [];
  const events = throughPauses(asked, (one) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(one);
    return streamOf<TurnEvent>(answer === undefined ? [] : eventsOf(answer));
  });
  return { events, requests };
};

describe('an answer that is paused', () => {
  test('goes on until it is whole: one message, blocks in order, usage of all requests', async () => {
    const { events, requests } = running([
      part(search('a')),
      part([...search('b'), textBlock('Half')]),
      part([textBlock(' and half')], 'end_turn', 5),
    ]);
    const all = await collect(events);
    expect(all.filter(({ type }) => type === 'message_start')).toHaveLength(1);
    expect(all.filter(({ type }) => type === 'message_stop')).toHaveLength(1);
    const whole = await foldMessage(streamOf(all));
    expect(whole.content).toEqual([...search('a'), ...search('b'), textBlock('Half'), textBlock(' and half')]);
    expect(whole).toMatchObject({
      stop_reason: 'end_turn',
      usage: { input_tokens: 300, output_tokens: 25, server_tool_use: { web_search_requests: 3 } },
    });
    expect(requests.map(({ messages }) => messages.length)).toEqual([1, 2, 2]);
    expect(requests[2]?.messages[1]).toEqual({
      role: 'assistant',
      content: [...search('a'), ...search('b'), textBlock('Half')],
    });
    expect(requests.map(({ max_tokens }) => max_tokens)).toEqual([1_000, 990, 980]);
    expect(requests.map(({ tool_choice }) => tool_choice)).toEqual([
      { type: 'any', disable_parallel_tool_use: true },
      { type: 'auto', disable_parallel_tool_use: true },
      { type: 'auto', disable_parallel_tool_use: true },
    ]);
  });

  test('ends as one that is cut where nothing of its tokens is left', async () => {
    const { events, requests } = running([part(search('a'), 'pause_turn', 1_000)]);
    expect(await foldMessage(events)).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 1_000 } });
    expect(requests).toHaveLength(1);
    const thinking = running([part(search('a'), 'pause_turn', 500)], {
      ...request,
      thinking: { type: 'enabled', budget_tokens: 600 },
    });
    expect((await foldMessage(thinking.events)).stop_reason).toBe('max_tokens');
  });

  test('ends as it is where it does not come to an end, or has nothing to go on from', async () => {
    const endless = running([part(search('a'))]);
    expect((await foldMessage(endless.events)).stop_reason).toBe('pause_turn');
    expect(endless.requests).toHaveLength(11);
    const empty = running([part([])]);
    expect((await foldMessage(empty.events)).stop_reason).toBe('pause_turn');
  });
});

test('an answer that is not paused is passed on as it is', async () => {
  const message = part([textBlock('Hi')], 'end_turn');
  const { events, requests } = running([message]);
  expect(await collect(events)).toEqual(eventsOf(message));
  expect(requests).toEqual([request]);
});

test('what the engine says of the cost of a part is not taken for the cost of the whole', async () => {
  const parts = [part(search('a')), part([textBlock('Hi')], 'end_turn')];
  const cost: TurnEvent = { type: 'notice', notice: { kind: 'cost', cost: Promise.resolve(undefined) } };
  const costsOf = async (answers: AnswerMessage[]) => {
    const left = [...answers];
    const events = throughPauses(request, () => {
      const answer = left.shift();
      return streamOf<TurnEvent>(answer === undefined ? [] : [...eventsOf(answer), cost]);
    });
    return (await collect(events)).filter(({ type }) => type === 'notice');
  };
  expect(await costsOf(parts.slice(1))).toEqual([cost]);
  expect(await costsOf(parts)).not.toContain(cost);
});
