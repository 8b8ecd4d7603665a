import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TurnEvent } from '../../src/turn/events.ts';
import { foldMessage } from '../../src/turn/fold.ts';
import { findStop, withStopSequences } from '../../src/turn/with-stop-sequences.ts';
import { anyCut, anyMessage } from '../dialects/arbitraries.ts';
import { collect, eventsOf, messageOf, streamOf, textBlock, toolBlock } from '../dialects/support.ts';

/** The definition: the first prefix of the text that ends in a stop, without that stop; the longest of several. */
const defined = (text: string, stops: readonly string[]): { text: string; stop: string } | undefined => {
  for (let end = 1; end <= text.length; end += 1) {
    const [stop] = stops.filter((one) => text.slice(0, end).endsWith(one)).toSorted((a, b) => b.length - a.length);
    if (stop !== undefined) return { text: text.slice(0, end - stop.length), stop };
  }
  return undefined;
};

const anyStops = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '😀'), minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 4 },
);

test('finding a stop is the definition', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '😀'), maxLength: 30 }),
      anyStops,
      (text, stops) => {
        const found = findStop(text, stops);
        expect(found && { text: text.slice(0, found.at), stop: found.stop }).toEqual(defined(text, stops));
      },
    ),
    { numRuns: 2000 },
  );
});

test('the stream, however it is cut, folds to the message cut at its first stop', async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCut, anyStops, async (message, cut, stops) => {
      const folded = await foldMessage(withStopSequences(streamOf<TurnEvent>(eventsOf(message, cut)), stops));
      const at = message.content.findIndex(
        (block) => block.type === 'text' && defined(block.text, stops) !== undefined,
      );
      const block = message.content[at];
      if (block?.type !== 'text') {
        expect(folded).toEqual(message);
        return;
      }
      const found = defined(block.text, stops);
      expect(folded.content).toEqual([...message.content.slice(0, at), { ...block, text: found?.text }]);
      expect(folded).toMatchObject({
        stop_reason: 'stop_sequence',
        stop_sequence: found?.stop,
        usage: { input_tokens: message.usage.input_tokens, output_tokens: 1 },
      });
      expect(JSON.stringify(folded).isWellFormed()).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

describe('what is held back', () => {
  const passed = async (texts: readonly string[], stops: readonly string[]): Promise<string[]> => {
    const events = await collect(
      withStopSequences(streamOf<TurnEvent>(eventsOf(messageOf([textBlock(texts.join(''))]), () => texts)), stops),
    );
    return events.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? [event.delta.text] : [],
    );
  };
  test.each([
    ['nothing that cannot begin a stop', ['one ', 'two'], ['\n\n'], ['one ', 'two']],
    ['only the end that could begin one', ['one\n', 'two'], ['\n\n'], ['one', '\ntwo']],
    ['until the block ends', ['one\n'], ['\n\n'], ['one', '\n']],
    ['across three pieces', ['one\n', '\n', '\nrest'], ['\n\n\n'], ['one']],
  ])('%s', async (_, texts, stops, expected) => {
    expect(await passed(texts, stops)).toEqual(expected);
  });
});

test('pings and notices pass, a tool’s input is no text', async () => {
  const events: TurnEvent[] = [
    { type: 'ping' },
    ...eventsOf(messageOf([toolBlock('toolu_1', 'f', { a: '\n\n' })])),
    { type: 'notice', notice: { kind: 'strategy', strategy: 'start' } },
  ];
  expect(await collect(withStopSequences(streamOf(events), ['\n\n', '']))).toEqual(events);
});

test('the upstream is left at the stop', async () => {
  let left = false;
  let read = 0;
  const upstream = async function* (): AsyncGenerator<TurnEvent> {
    try {
      for (const event of eventsOf(messageOf([textBlock('a\nb')]), (text) => Array.from(text))) {
        read += 1;
        yield event;
      }
    } finally {
      left = true;
    }
  };
  await collect(withStopSequences(upstream(), ['\n']));
  expect(left).toBe(true);
  expect(read).toBe(4);
});
