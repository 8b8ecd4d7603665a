/** Structured text that becomes a call, however the stream cuts it. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamEvent, TurnEvent } from '../../src/turn/events.ts';
import { foldMessage } from '../../src/turn/fold.ts';
import { withForcedCall, type ForcedCall } from '../../src/turn/with-forced-call.ts';
import { brokenText } from '../../src/turn/broken-input.ts';
import { beginning } from '../http/scripted-engine.ts';

const text = (value: string) => ({ type: 'text_delta', text: value }) as const;

/** A thought, then a text in these pieces. */
const answer = (pieces: readonly string[], stopReason = 'end_turn'): readonly TurnEvent[] => [
  ...beginning(),
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: '{ hm' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'ping' },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '', citations: null } },
  ...pieces.map((piece): StreamEvent => ({ type: 'content_block_delta', index: 1, delta: text(piece) })),
  { type: 'content_block_stop', index: 1 },
  {
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: 5 },
  } as StreamEvent,
  { type: 'message_stop' },
];

async function* play(events: readonly TurnEvent[]): AsyncGenerator<TurnEvent> {
  yield* events;
}

const read = (events: readonly TurnEvent[], forced: ForcedCall): Promise<TurnEvent[]> =>
  Array.fromAsync(withForcedCall(play(events), forced, () => 'toolu_1'));
const fold = async (pieces: readonly string[], forced: ForcedCall, stopReason?: string) =>
  foldMessage(play(await read(answer(pieces, stopReason), forced)));

const call = (name: string, input: unknown) => ({
  type: 'tool_use',
  id: 'toolu_1',
  name,
  input,
  caller: { type: 'direct' },
});
const thought = { type: 'thinking', thinking: '{ hm', signature: '' };

/** A text cut into pieces anywhere. */
const cut = (whole: string, places: readonly number[]): readonly string[] => {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => whole.slice(from, at[index] ?? whole.length));
};

const inputs = fc.dictionary(fc.string(), fc.jsonValue());
const cuts = fc.array(fc.nat());

describe('the JSON of a call', () => {
  test('of one tool becomes its input, in the same block', () =>
    fc.assert(
      fc.asyncProperty(inputs, cuts, fc.constantFrom('', ' \n'), async (input, places, space) => {
        const message = await fold(cut(space + JSON.stringify(input), places), { tool: 'f' });
        expect(message.content).toEqual([thought, call('f', JSON.parse(JSON.stringify(input)))]);
        expect(message.stop_reason).toBe('tool_use');
      }),
    ));

  test('of one of several tools becomes the input of the tool that it names', () =>
    fc.assert(
      fc.asyncProperty(inputs, cuts, fc.constantFrom(undefined, 1), async (input, places, indent) => {
        const whole = JSON.stringify({ call: { tool: 'g-1', arguments: input } }, undefined, indent);
        const message = await fold(cut(whole, places), {});
        expect(message.content).toEqual([thought, call('g-1', JSON.parse(JSON.stringify(input)))]);
        expect(message.stop_reason).toBe('tool_use');
      }),
    ));

  test('in another order is read all the same', async () => {
    const message = await fold(['{"call":{"arguments":{"a":1},', '"tool":"g"}}'], {});
    expect(message.content[1]).toEqual(call('g', { a: 1 }));
  });

  test('is passed on as it comes', async () => {
    const pieces = ['{"call":{"tool":"g","argu', 'ments":{"a":', '"}"', '}', '}}'];
    const deltas = (await read(answer(pieces), {})).flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'input_json_delta' ? [event.delta.partial_json] : [],
    );
    expect(deltas).toEqual(['{"a":', '"}"', '}']);
  });

  test('that was cut keeps its stop reason and its text', async () => {
    const message = await fold(['{"a":"lo'], { tool: 'f' }, 'max_tokens');
    expect(message.stop_reason).toBe('max_tokens');
    const block = message.content[1];
    expect(block?.type === 'tool_use' && brokenText(block.input)).toBe('{"a":"lo');
  });
});

describe('what is no call stays as it is', () => {
  test.each<[string, ForcedCall, readonly string[], string]>([
    ['a refusal', { tool: 'f' }, ['I cannot ', 'do that.'], 'refusal'],
    ['a text', {}, ['Hello'], 'end_turn'],
    ['JSON that names no tool', {}, ['{"a":', '1}'], 'end_turn'],
    ['the beginning of a choice', {}, ['{"call":{"to'], 'max_tokens'],
    ['an empty text', { tool: 'f' }, [], 'end_turn'],
  ])('%s', async (_, forced, pieces, stopReason) => {
    const message = await fold(pieces, forced, stopReason);
    expect(message.content).toEqual([thought, { type: 'text', text: pieces.join(''), citations: null }]);
    expect(message.stop_reason).toBe(stopReason);
  });
});
