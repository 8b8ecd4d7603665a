/** Random answers, cuts and conversations for the property tests. */
import fc from 'fast-check';
import type { AnswerMessage } from '../../src/turn/turn.ts';
import { messageOf, textBlock, thinkingBlock, toolBlock, usage, type Cut } from './support.ts';

/** Well-formed text with characters outside the BMP, line breaks and quotes. */
export const anyText = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '\n', '"', '\\', 'é', '日', '😀', '👩‍👩‍👧', '{', '}'),
  maxLength: 20,
});
const visibleText = anyText.map((text) => `${text}x`);
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/u);
export const jsonObject = fc
  .dictionary(
    fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__'),
    fc.jsonValue({ maxDepth: 2 }),
    { maxKeys: 4 },
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);

/** A message the API could answer: thinking, texts and tool calls in any order. */
export const anyMessage: fc.Arbitrary<AnswerMessage> = fc
  .record({
    blocks: fc.array(
      fc.oneof(
        anyText.map((text) => textBlock(text)),
        anyText.map((text) => thinkingBlock(text)),
        fc.tuple(name, jsonObject).map(([called, input]) => toolBlock('toolu_', called, input)),
      ),
      { maxLength: 6 },
    ),
    stop: fc.constantFrom<NonNullable<AnswerMessage['stop_reason']>>(
      'end_turn',
      'max_tokens',
      'stop_sequence',
      'pause_turn',
      'refusal',
      'model_context_window_exceeded',
    ),
    output: fc.nat(5000),
    cached: fc.option(fc.nat(5000)),
    thinking: fc.option(fc.nat(5000)),
  })
  .map(({ blocks, stop, output, cached, thinking }) => {
    const content = blocks.map((block, index) =>
      block.type === 'tool_use' ? { ...block, id: `toolu_${index}` } : block,
    );
    return messageOf(content, {
      stop_reason: content.some((block) => block.type === 'tool_use') ? 'tool_use' : stop,
      stop_sequence: stop === 'stop_sequence' ? 'END' : null,
      usage: {
        ...usage,
        output_tokens: output,
        cache_read_input_tokens: cached,
        output_tokens_details: thinking === null ? null : { thinking_tokens: thinking },
      },
    });
  });

/** Cuts at whole characters, as the API does. */
export const anyCut: fc.Arbitrary<Cut> = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 10 })
  .map((sizes) => (text: string) => {
    const characters = Array.from(text);
    const pieces: string[] = [];
    for (let at = 0, turn = 0; at < characters.length; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1;
      pieces.push(characters.slice(at, at + size).join(''));
      at += size;
    }
    return pieces;
  });

/** A conversation in OpenAI's words, in the one form that our inverse gives back. */
export const anyConversation = fc
  .record({
    system: fc.array(visibleText, { maxLength: 2 }),
    steps: fc.array(
      fc.oneof(
        fc.record({
          kind: fc.constant('user' as const),
          texts: fc.array(visibleText, { minLength: 1, maxLength: 3 }),
          image: fc.boolean(),
        }),
        fc.record({ kind: fc.constant('system' as const), text: visibleText }),
        fc.record({ kind: fc.constant('say' as const), text: visibleText }),
        fc.record({
          kind: fc.constant('call' as const),
          text: fc.option(visibleText),
          calls: fc.array(fc.record({ name, input: jsonObject, result: fc.option(visibleText) }), {
            minLength: 1,
            maxLength: 3,
          }),
        }),
      ),
      { maxLength: 8 },
    ),
  })
  .map(({ system, steps }) => {
    let calls = 0;
    const messages = steps.flatMap((step): object[] => {
      if (step.kind === 'user') {
        const images = step.image
          ? [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }]
          : [];
        return [{ role: 'user', content: [...step.texts.map((text) => ({ type: 'text', text })), ...images] }];
      }
      if (step.kind === 'system') return [{ role: 'system', content: [{ type: 'text', text: step.text }] }];
      if (step.kind === 'say') return [{ role: 'assistant', content: step.text }];
      const made = step.calls.map((call) => ({ ...call, id: `call_${(calls += 1)}` }));
      return [
        {
          role: 'assistant',
          content: step.text,
          tool_calls: made.map((call) => ({
            id: call.id,
            type: 'function',
            function: { name: call.name, arguments: JSON.stringify(call.input) },
          })),
        },
        ...made.map((call) => ({ role: 'tool', tool_call_id: call.id, content: call.result ?? '' })),
      ];
    });
    const first = { role: 'user', content: [{ type: 'text', text: 'begin' }] };
    const last = { role: 'user', content: [{ type: 'text', text: 'go on' }] };
    return [...system.map((text) => ({ role: 'system', content: [{ type: 'text', text }] })), first, ...messages, last];
  });
