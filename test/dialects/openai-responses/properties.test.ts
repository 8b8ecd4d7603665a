/** Any conversation survives Responses → canonical and back; any answer is the same streamed or whole, and comes back as it was. */
import fc from 'fast-check';
import { ResponseStream } from 'openai/lib/responses/ResponseStream';
import { expect, test } from 'vitest';
import { openAiResponses } from '../../../src/dialects/openai-responses/index.ts';
import type { SseFrame } from '../../../src/dialects/dialect.ts';
import type { AnswerMessage, TurnRequest } from '../../../src/turn/turn.ts';
import { anyConversation, anyCut, anyMessage, anyText, jsonObject } from '../arbitraries.ts';
import { collect, contextOf, eventsOf, streamOf, textBlock, toolBlock } from '../support.ts';
import { parse } from './support.ts';

interface ChatMessage {
  role: string;
  content: string | null | { type: string; text?: string; image_url?: { url: string } }[];
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

/** The conversations of the other property tests, in the words of the Responses API. */
const itemsOf = (messages: readonly ChatMessage[]): object[] =>
  messages.flatMap(({ role, content, tool_calls = [], tool_call_id: call_id }): object[] => {
    if (role === 'tool') return [{ type: 'function_call_output', call_id, output: content }];
    if (role === 'assistant') {
      const said =
        content === null
          ? []
          : [{ type: 'message', role, content: [{ type: 'output_text', text: content, annotations: [] }] }];
      return [
        ...said,
        ...tool_calls.map(({ id, function: called }) => ({ type: 'function_call', call_id: id, ...called })),
      ];
    }
    const parts = (Array.isArray(content) ? content : []).map(({ text, image_url }) =>
      image_url === undefined ? { type: 'input_text', text } : { type: 'input_image', image_url: image_url.url },
    );
    return [{ type: 'message', role, content: parts }];
  });

type Block = {
  type: string;
  text: string;
  id: string;
  name: string;
  input: unknown;
  tool_use_id: string;
  content?: string;
  source: { media_type: string; data: string };
};

/** The inverse, written apart from the code under test. */
const back = ({ system, messages }: TurnRequest): object[] => [
  ...((system ?? []) as Block[]).map(({ text }) => ({
    type: 'message',
    role: 'system',
    content: [{ type: 'input_text', text }],
  })),
  ...messages.flatMap(({ role, content }): object[] => {
    const blocks = content as unknown as Block[];
    if (role === 'assistant') {
      return blocks.map((block) =>
        block.type === 'text'
          ? { type: 'message', role, content: [{ type: 'output_text', text: block.text, annotations: [] }] }
          : { type: 'function_call', call_id: block.id, name: block.name, arguments: JSON.stringify(block.input) },
      );
    }
    const results = blocks.filter(({ type }) => type === 'tool_result');
    if (results.length > 0)
      return results.map((block) => ({
        type: 'function_call_output',
        call_id: block.tool_use_id,
        output: block.content ?? '',
      }));
    const parts = blocks.map((block) =>
      block.type === 'text'
        ? { type: 'input_text', text: block.text }
        : { type: 'input_image', image_url: `data:${block.source.media_type};base64,${block.source.data}` },
    );
    return [{ type: 'message', role, content: parts }];
  }),
];

test('Responses → canonical → Responses is the identity', () => {
  const property = fc.property(anyConversation, (all) => {
    const messages = all as ChatMessage[];
    const begun = messages.findIndex(({ role }) => role === 'user');
    const input = itemsOf(messages.filter(({ role }, index) => role !== 'system' || index < begun));
    expect(back(parse({ input }).request)).toEqual(input);
  });
  fc.assert(property, { numRuns: 500 });
});

test('an answer that is sent back is what Claude said, thinking and signatures included', () => {
  const property = fc.property(anyMessage, (message) => {
    const { output } = openAiResponses.render(
      message,
      parse({ input: 'x', include: ['reasoning.encrypted_content'] }),
    ) as { output: { type: string; call_id?: string }[] };
    const calls = output.filter(({ type }) => type === 'function_call');
    const results = calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'r' }));
    const { messages } = parse({
      input: [{ role: 'user', content: 'x' }, ...output, ...results, { role: 'user', content: 'on' }],
    }).request;
    const [, said] = messages;
    const kept = keptOf(message);
    if (kept.length === 0) expect(said?.role).toBe('user');
    else expect(said).toEqual({ role: 'assistant', content: kept });
  });
  fc.assert(property, { numRuns: 500 });
});

/** Texts in a row are one, empty ones are none, thinking at the end or cut off is not sent back. */
const keptOf = ({ content, stop_reason }: AnswerMessage): object[] => {
  const cut = ['max_tokens', 'refusal', 'model_context_window_exceeded'].includes(String(stop_reason));
  const kept: { type: string; text?: string }[] = [];
  let open = false;
  for (const [index, block] of content.entries()) {
    if (block.type === 'text') {
      const last = kept.at(-1);
      if (open && last?.text !== undefined) last.text += block.text;
      else kept.push({ type: 'text', text: block.text });
      open = true;
      continue;
    }
    open = false;
    if (block.type === 'thinking' && !(cut && index === content.length - 1)) kept.push({ ...block });
    if (block.type === 'tool_use')
      kept.push({ type: 'tool_use', id: block.id, name: block.name, input: block.input } as never);
  }
  const visible = kept.filter(({ type, text = '' }) => type !== 'text' || text.trim() !== '');
  return visible.slice(0, visible.findLastIndex(({ type }) => type !== 'thinking') + 1);
};

interface Event {
  type: string;
  output_index: number;
  item: object;
  delta: string;
  response: { output: object[] };
}

const eventsIn = (frames: readonly SseFrame[]): Event[] =>
  frames.map((frame) => JSON.parse('data' in frame ? frame.data : 'null') as Event);

/** Custom tools among functions, with inputs in and out of their form. */
const anyCalls = fc.array(
  fc.oneof(
    anyText.map((input) => ({ input })),
    jsonObject,
  ),
  { maxLength: 3 },
);
const withCustom = fc.tuple(anyMessage, anyCalls).map(([message, inputs]) => {
  const calls = inputs.map((input, index) => toolBlock(`toolu_c${index}`, 'raw', input));
  return { ...message, content: [...message.content, ...calls, textBlock('end')] };
});

const asked = {
  input: 'x',
  stream: true,
  include: ['reasoning.encrypted_content'],
  tools: [{ type: 'custom', name: 'raw' }],
};

test('the last event is the whole answer, every item is in it as its own last event said, and deltas add up', async () => {
  await fc.assert(
    fc.asyncProperty(withCustom, anyCut, async (message, cut) => {
      const parsed = parse(asked);
      const events = eventsIn(await collect(openAiResponses.stream(streamOf(eventsOf(message, cut)), parsed)));
      const whole = openAiResponses.render(message, parsed) as { output: object[]; status: string };
      expect(events.at(-1)).toMatchObject({ type: `response.${whole.status}`, response: whole });
      const done = events.filter(({ type }) => type === 'response.output_item.done');
      expect(done.map(({ item }) => item)).toEqual(whole.output);
      expect(done.map(({ output_index }) => output_index)).toEqual([...done.keys()]);
      const added = events.filter(({ type }) => type === 'response.output_item.added');
      expect(added.map(({ output_index }) => output_index)).toEqual([...added.keys()]);
      for (const [index, item] of whole.output.entries()) {
        const deltas = events.filter(({ type, output_index }) => type.endsWith('.delta') && output_index === index);
        expect(deltas.map(({ delta }) => delta).join('')).toBe(textIn(item));
      }
      for (const event of events) expect(JSON.stringify(event).isWellFormed()).toBe(true);
    }),
    { numRuns: 400 },
  );
});

const textIn = (item: object): string => {
  const {
    summary = [],
    content = [],
    input = '',
    arguments: args = '',
  } = item as {
    summary?: { text: string }[];
    content?: { text: string }[];
    input?: string;
    arguments?: string;
  };
  return [...summary, ...content].map(({ text }) => text).join('') + input + args;
};

test('the official SDK reads from the stream what the unstreamed answer says', async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCut, async (message, cut) => {
      const parsed = parse(asked);
      const frames = eventsIn(await collect(openAiResponses.stream(streamOf(eventsOf(message, cut)), parsed)));
      const lines = frames.map((event) => new TextEncoder().encode(`${JSON.stringify(event)}\n`));
      const read = await ResponseStream.fromReadableStream(ReadableStream.from(lines) as never).finalResponse();
      const { output_text: _, output_parsed: __, ...streamed } = read as unknown as Record<string, unknown>;
      expect(
        JSON.parse(
          JSON.stringify(streamed, (key, value: unknown) =>
            key === 'parsed' || key === 'parsed_arguments' ? undefined : value,
          ),
        ),
      ).toEqual(JSON.parse(JSON.stringify(openAiResponses.render(message, parsed))));
    }),
    { numRuns: 200 },
  );
});

test('a reference to an item of a stored response is that item', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const parsed = parse({ input: 'x', include: ['reasoning.encrypted_content'] });
      const response = openAiResponses.render(message, parsed) as {
        id: string;
        output: { id: string; type: string; call_id: string }[];
      };
      const stored = new Map([[response.id, { id: response.id, previousId: undefined, response, input: [] }]]);
      const results = response.output
        .filter(({ type }) => type === 'function_call')
        .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'r' }));
      const asItems = (items: object[]) =>
        openAiResponses.parse(
          { model: 'm', input: [{ role: 'user', content: 'x' }, ...items, ...results, { role: 'user', content: 'y' }] },
          { ...contextOf(), stored },
        ).request;
      expect(asItems(response.output.map(({ id }) => ({ type: 'item_reference', id })))).toEqual(
        asItems(response.output),
      );
    }),
    { numRuns: 200 },
  );
});
