/** A conversation made short by the model, as OpenAI's API does it: by a path of its own, and by an item. */
import type OpenAI from 'openai';
import { expect, it } from 'vitest';
import { SUMMARY_WANTED } from '../../src/dialects/openai-responses/compaction.ts';
import { dialogueOf, onEveryEngine, text } from './set-up.ts';

type Item = OpenAI.Responses.ResponseInputItem;

const model = 'claude-sonnet-5-5';
const tools: OpenAI.Responses.FunctionTool[] = [
  { type: 'function', name: 'look', parameters: { type: 'object', properties: {} }, strict: null },
];
const conversation: Item[] = [
  { role: 'user', content: 'Launch on Tuesday' },
  { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' },
  { type: 'function_call_output', call_id: 'call_1', output: 'seen' },
  { role: 'assistant', content: 'Understood' },
];
const summary = { content: [{ type: 'text' as const, text: 'Tuesday it is' }] };

onEveryEngine('compaction through the OpenAI SDK', (world) => {
  it('keeps what the user said, and a summary that stands for the rest', async () => {
    const { openai, upstream, arrived } = world();
    upstream.enqueue(summary);
    const compacted = await openai.responses.compact({ model, instructions: 'Be brief.', input: conversation });
    expect(compacted).toMatchObject({
      object: 'response.compaction',
      output: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Launch on Tuesday' }] },
        { type: 'compaction', encrypted_content: expect.any(String) },
      ],
      usage: { output_tokens: 3 },
    });
    expect(JSON.stringify(compacted.output)).not.toContain('Tuesday it is');
    expect(JSON.stringify(arrived()[0]?.messages)).toContain(SUMMARY_WANTED);
    const input = [...(compacted.output as Item[]), { role: 'user' as const, content: '[[text:Yes]] Still?' }];
    expect((await openai.responses.create({ model, input })).output_text).toBe('Yes');
    const last = arrived().at(-1);
    const said = last === undefined ? [] : dialogueOf(last).flatMap(({ content }) => content);
    expect(said).toEqual(
      expect.arrayContaining([
        text('Launch on Tuesday'),
        text('<conversation-summary>\nTuesday it is\n</conversation-summary>'),
        text('[[text:Yes]] Still?'),
      ]),
    );
    expect(JSON.stringify(said)).not.toContain('Understood');
  });

  it('is an item of a response where an item asks for it, streamed and not, and calls no tool', async () => {
    const { openai, upstream, arrived } = world();
    upstream.enqueue(summary, summary);
    // The SDK's types do not know an item without more than its type.
    const input = [...conversation, { type: 'compaction_trigger' } as Item];
    const whole = await openai.responses.create({ model, input, tools });
    expect(whole.output).toMatchObject([{ type: 'compaction', id: expect.stringMatching(/^cmp_/u) }]);
    expect(arrived()[0]?.tool_choice).toEqual({ type: 'none' });
    const events = await Array.fromAsync(await openai.responses.create({ model, input, tools, stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.compaction.compacting',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
    expect(events.at(-1)).toMatchObject({ response: { output: [{ type: 'compaction' }] } });

    // A stored one stands for its conversation, too.
    const next = await openai.responses.create({ model, input: '[[text:On]]', previous_response_id: whole.id });
    expect(next.output_text).toBe('On');
    expect(JSON.stringify(arrived().at(-1)?.messages)).toContain('<conversation-summary>');
  });

  it('of another server, or changed, is left out and told; one that was cut is none', async () => {
    const { openai, upstream } = world();
    const foreign: Item = { type: 'compaction', encrypted_content: 'not ours' };
    const { response } = await openai.responses
      .create({ model, input: [foreign, { role: 'user', content: 'x' }] })
      .withResponse();
    expect(response.headers.get('x-proxy-ignored')).toBe('input[].encrypted_content');
    upstream.enqueue({ ...summary, stopReason: 'refusal' });
    await expect(openai.responses.compact({ model, input: conversation })).rejects.toMatchObject({ status: 500 });
    await expect(openai.responses.compact({ model, input: [] })).rejects.toMatchObject({ status: 400, param: 'input' });
  });
});
