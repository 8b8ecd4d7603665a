/** Any valid event stream folds to the same message, streamed or not, however it is cut, in every dialect. */
import fc from 'fast-check';
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { expect, test } from 'vitest';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { openAiCompletions } from '../../src/dialects/openai-completions/index.ts';
import type { Dialect, SseFrame } from '../../src/dialects/dialect.ts';
import type { StreamEvent, TurnEvent } from '../../src/turn/events.ts';
import { foldMessage } from '../../src/turn/fold.ts';
import { anyCut, anyMessage } from './arbitraries.ts';
import { collect, contextOf, eventsOf, streamOf } from './support.ts';

const body = {
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  stream: true,
  stream_options: { include_usage: true },
};
const chat = openAiChat.parse(body, contextOf());
const dataOf = (frame: SseFrame): string => ('data' in frame ? frame.data : '');

const chunksOf = (frames: readonly SseFrame[]): Chunk[] => {
  expect(dataOf(frames.at(-1) ?? { comment: '' })).toBe('[DONE]');
  return frames.slice(0, -1).map((frame) => JSON.parse(dataOf(frame)) as Chunk);
};

interface Delta {
  readonly reasoning_content?: string;
  readonly content?: string;
  readonly tool_calls?: readonly { readonly index: number; readonly id?: string }[];
}
interface Chunk {
  readonly choices: readonly { readonly delta: Delta; readonly finish_reason: string | null }[];
  readonly usage?: object | null;
}

/** As the official SDK puts chunks together. */
const accumulated = async (chunks: readonly Chunk[]): Promise<Rendered> => {
  const lines = chunks.map((chunk) => new TextEncoder().encode(`${JSON.stringify(chunk)}\n`));
  return (await ChatCompletionStream.fromReadableStream(
    ReadableStream.from(lines) as never,
  ).finalChatCompletion()) as unknown as Rendered;
};

interface Rendered {
  readonly choices: readonly {
    readonly message: {
      content: string | null;
      reasoning_content?: string;
      refusal: string | null;
      tool_calls?: { id: string; function: { name: string; arguments: string } }[];
    };
    readonly finish_reason: string;
  }[];
  readonly usage: object;
}

test('the stream folds to the message it was made of', async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCut, async (message, cut) => {
      expect(await foldMessage(streamOf(eventsOf(message, cut)))).toEqual(message);
    }),
    { numRuns: 500 },
  );
});

test('the official OpenAI SDK reads from the stream what the unstreamed answer says', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyMessage.filter(
        (message) => !['max_tokens', 'model_context_window_exceeded', 'refusal'].includes(String(message.stop_reason)),
      ),
      anyCut,
      async (message, cut) => {
        const chunks = chunksOf(await collect(openAiChat.stream(streamOf(eventsOf(message, cut)), chat)));
        const [streamed, whole] = [await accumulated(chunks), openAiChat.render(message, chat) as Rendered];
        const [one, two] = [streamed.choices[0], whole.choices[0]];
        expect(one?.finish_reason).toBe(two?.finish_reason);
        expect(one?.message.content ?? '').toBe(two?.message.content ?? '');
        expect((one?.message.tool_calls ?? []).map(readCall)).toEqual((two?.message.tool_calls ?? []).map(readCall));
        expect(streamed.usage).toEqual(whole.usage);
        for (const key of ['id', 'model', 'created', 'system_fingerprint'] as const)
          expect((streamed as never)[key]).toEqual((whole as never)[key]);
      },
    ),
    { numRuns: 300 },
  );
});

const readCall = (call: { id: string; function: { name: string; arguments: string } }) => ({
  id: call.id,
  name: call.function.name,
  input: JSON.parse(call.function.arguments) as unknown,
});

test('the chunks come in OpenAI’s order: role, deltas with sequential tool indices, one finish_reason, usage', async () => {
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCut, async (message, cut) => {
      const chunks = chunksOf(await collect(openAiChat.stream(streamOf(eventsOf(message, cut)), chat)));
      const whole = openAiChat.render(message, chat) as Rendered;
      expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '', refusal: null });
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
      expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: whole.choices[0]?.finish_reason });
      const middle = chunks.slice(1, -2);
      expect(middle.every((chunk) => chunk.choices[0]?.finish_reason === null && chunk.usage === null)).toBe(true);
      const deltas = middle.map((chunk) => chunk.choices[0]?.delta ?? {});
      const begun = deltas.flatMap((delta) => (delta.tool_calls ?? []).filter((call) => call.id !== undefined));
      expect(begun.map((call) => call.index)).toEqual([...begun.keys()]);
      expect(deltas.map((delta) => delta.reasoning_content ?? '').join('')).toBe(
        whole.choices[0]?.message.reasoning_content ?? '',
      );
      for (const frame of chunks) expect(JSON.stringify(frame).isWellFormed()).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('the Messages stream is the upstream’s own, event by event, with the ping of the API where it is missing', async () => {
  const parsed = anthropicMessages.parse(
    { model: 'm', max_tokens: 5, messages: body.messages, stream: true },
    contextOf(),
  );
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCut, async (message, cut) => {
      const events = eventsOf(message, cut);
      const frames = await collect(anthropicMessages.stream(streamOf(events), parsed));
      const asFrame = (event: { type: string }) => ({ event: event.type, data: JSON.stringify(event) });
      const firstBlock = events.findIndex(({ type }) => type === 'content_block_start') + 1;
      const pinged =
        firstBlock === 0
          ? events
          : [...events.slice(0, firstBlock), { type: 'ping' as const }, ...events.slice(firstBlock)];
      expect(frames).toEqual(pinged.map((event) => asFrame(event)));
      const sent = [...(await collect(anthropicMessages.stream(pingedStream(pinged), parsed)))];
      expect(sent, 'no second one').toEqual(frames);
      expect(
        anthropicMessages.render(
          await foldMessage(streamOf(frames.map((frame) => JSON.parse(dataOf(frame)) as StreamEvent))),
          parsed,
        ),
      ).toEqual(message);
    }),
    { numRuns: 300 },
  );
});

async function* pingedStream(events: readonly TurnEvent[]): AsyncGenerator<TurnEvent> {
  yield* events;
}

test('the legacy completion stream says what the unstreamed one says', async () => {
  const parsed = openAiCompletions.parse({ model: 'm', prompt: 'say', echo: true, stream: true }, contextOf());
  await fc.assert(
    fc.asyncProperty(anyMessage, anyCut, async (message, cut) => {
      const chunks = chunksOf(
        await collect(openAiCompletions.stream(streamOf(eventsOf(message, cut)), parsed)),
      ) as unknown as { choices: { text: string; finish_reason: string | null }[] }[];
      const whole = openAiCompletions.render(message, parsed) as { choices: { text: string; finish_reason: string }[] };
      expect(chunks.map((chunk) => chunk.choices[0]?.text).join('')).toBe(whole.choices[0]?.text);
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe(whole.choices[0]?.finish_reason);
    }),
    { numRuns: 200 },
  );
});

test.each<Dialect>([openAiChat, openAiCompletions, anthropicMessages])(
  '$name: a stream cut off is an error, and nothing that looks like an end comes before it',
  async (dialect) => {
    await fc.assert(
      fc.asyncProperty(anyMessage, fc.nat(), async (message, at) => {
        const events = eventsOf(message);
        const frames: SseFrame[] = [];
        const read = async (): Promise<void> => {
          for await (const frame of dialect.stream(streamOf(events.slice(0, at % events.length)), chat))
            frames.push(frame);
        };
        await expect(read()).rejects.toMatchObject({ code: 'upstream_error' });
        expect(JSON.stringify(frames)).not.toMatch(/\[DONE\]|message_stop|finish_reason\\":\\"/u);
      }),
      { numRuns: 100 },
    );
  },
);
