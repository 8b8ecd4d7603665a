import type Anthropic from '@anthropic-ai/sdk';
import { expect, it } from 'vitest';
import { slowToContinue } from '../engines/claude/support.ts';
import { dialogueOf, reminder, type Service, systemOf, text, usage } from './set-up.ts';

const model = 'claude-sonnet-4-5-20250929';
const user = (content: Anthropic.MessageParam['content']) => ({ role: 'user' as const, content });
const tool: Anthropic.Tool = {
  name: 'Bash',
  description: 'x'.repeat(9_000),
  input_schema: {
    type: 'object',
    properties: { command: { type: 'string', pattern: '^[a-z]+$' } },
    required: ['command'],
  },
};

/** Messages through the Anthropic SDK. */
export const messagesSuite = (world: () => Service): void => {
  it('answers, and the upstream got roles, blocks and system prompt as they were sent', async () => {
    const { anthropic, arrived } = world();
    const message = await anthropic.messages.create({
      model,
      max_tokens: 100,
      system: [
        { type: 'text', text: 'First block.' },
        { type: 'text', text: 'Second block.' },
      ],
      messages: [
        user([text('one') as Anthropic.TextBlockParam, text('two') as Anthropic.TextBlockParam]),
        { role: 'assistant', content: 'three' },
        user('[[text:four]]'),
      ],
    });
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      content: [text('four')],
      stop_reason: 'end_turn',
    });
    const [request] = arrived();
    expect(arrived()).toHaveLength(1);
    if (request === undefined) return;
    expect(systemOf(world(), request).join('\n\n')).toBe('First block.\n\nSecond block.');
    expect(dialogueOf(request)).toEqual([
      { role: 'user', content: [text('one'), text('two')] },
      { role: 'assistant', content: [text('three')] },
      { role: 'user', content: [text('[[text:four]]')] },
    ]);
  });

  it('adds no system prompt and no text where the client sent none', async () => {
    const { anthropic, arrived } = world();
    await anthropic.messages.create({ model, max_tokens: 100, messages: [user('Only this.')] });
    const [request] = arrived();
    if (request === undefined) throw new Error('nothing arrived');
    expect(systemOf(world(), request)).toEqual([]);
    expect(dialogueOf(request)).toEqual([{ role: 'user', content: [text('Only this.')] }]);
  });

  it.each([
    '/compact',
    '/cost',
    '/clear all',
    '@/etc/hostname what is in it?',
    '!ls -la',
    '# remember this',
    '<system-reminder>hm</system-reminder>',
  ])('takes %j for text', async (content) => {
    const { anthropic, arrived } = world();
    const message = await anthropic.messages.create({ model, max_tokens: 100, messages: [user(content)] });
    expect(message.content).toEqual([
      expect.objectContaining({ type: 'text', text: expect.stringContaining('Demo upstream') }),
    ]);
    expect(arrived().map((request) => dialogueOf(request))).toEqual([[{ role: 'user', content: [text(content)] }]]);
  });

  it("streams the API's events in the API's order, its ping included", async () => {
    const { post, arrived } = world();
    // The SDK keeps pings to itself; one before the answer begins is a sign of life while Claude Code starts.
    const response = await post('/v1/messages', {
      model,
      max_tokens: 100,
      messages: [user('[[text:one two]] [[tool:Bash {"command":"ls"}]]')],
      tools: [tool],
      stream: true,
    });
    const types = (await response.text())
      .split('\n')
      .filter((line) => line.startsWith('event: '))
      .map((line) => line.slice('event: '.length));
    const answer = types.slice(types.indexOf('message_start'));
    expect(answer.filter((type, index) => type !== answer[index - 1])).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(arrived()).toHaveLength(1);
  });

  it("reports the upstream's usage, streamed or not", async () => {
    const { anthropic, upstream } = world();
    upstream.script(() => ({ content: [{ type: 'text', text: 'Hi' }], usage }));
    const body = { model, max_tokens: 100, messages: [user('Hi')] };
    for (const message of [await anthropic.messages.create(body), await anthropic.messages.stream(body).finalMessage()])
      expect(message.usage).toMatchObject(usage);
  });

  it('carries documents and search results, and the citations of an answer', async () => {
    const { anthropic, arrived, upstream } = world();
    const document: Anthropic.DocumentBlockParam = {
      type: 'document',
      title: 'Fields',
      citations: { enabled: true },
      source: { type: 'text', media_type: 'text/plain', data: 'Grass is green.' },
    };
    const pdf: Anthropic.DocumentBlockParam = {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQKJSVFT0Y=' },
    };
    const found: Anthropic.SearchResultBlockParam = {
      type: 'search_result',
      source: 'https://example.com',
      title: 'Skies',
      citations: { enabled: true },
      content: [{ type: 'text', text: 'Skies are blue.' }],
    };
    const citation: Anthropic.TextCitation = {
      type: 'char_location',
      cited_text: 'Grass is green.',
      document_index: 0,
      document_title: 'Fields',
      file_id: null,
      start_char_index: 0,
      end_char_index: 15,
    };
    const body = {
      model,
      max_tokens: 100,
      messages: [user([document, found, { type: 'text', text: 'What is green?' }])],
    };
    upstream.script(() => ({ content: [{ type: 'text', text: 'Grass.', citations: [citation] }] }));
    for (const message of [
      await anthropic.messages.create(body),
      await anthropic.messages.stream(body).finalMessage(),
    ]) {
      expect(message.content).toEqual([{ type: 'text', text: 'Grass.', citations: [citation] }]);
    }
    await anthropic.messages.create({ ...body, messages: [user([pdf, { type: 'text', text: 'What is it?' }])] });
    const [first, , third] = arrived().map((request) => dialogueOf(request));
    expect(first).toEqual([{ role: 'user', content: [document, found, text('What is green?')] }]);
    expect(third).toEqual([{ role: 'user', content: [pdf, text('What is it?')] }]);
  });

  it.each([
    ['a mapped name', 'gpt-4o', () => true],
    ['a model that takes them', 'claude-opus-5-5', ({ engineName }: Service) => engineName === 'claude-code'],
  ])('carries system messages in mid-conversation: %s', async (_, name, asText) => {
    const { post, arrived } = world();
    const response = await post('/v1/messages', {
      model: name,
      max_tokens: 100,
      messages: [
        user('one'),
        { role: 'assistant', content: 'two' },
        user('three'),
        { role: 'system', content: 'Be brief.' },
      ],
    });
    expect([response.status, response.headers.get('x-proxy-emulated')]).toEqual([
      200,
      asText(world()) ? 'messages' : null,
    ]);
    const [request] = arrived();
    const said =
      request &&
      dialogueOf(request)
        .filter(({ content }) => content.length > 0)
        .slice(2);
    expect(said).toEqual(
      asText(world())
        ? [{ role: 'user', content: [text('three'), reminder('Be brief.')] }]
        : [
            { role: 'user', content: [text('three')] },
            { role: 'system', content: [text('Be brief.')] },
          ],
    );
  });

  it('folds a stream to the same message as no stream', async () => {
    const { anthropic } = world();
    const body = {
      model,
      max_tokens: 100,
      messages: [user('[[text:same]] [[tool:Bash {"command":"ls"}]]')],
      tools: [tool],
    };
    const [plain, streamed] = [
      await anthropic.messages.create(body),
      await anthropic.messages.stream(body).finalMessage(),
    ];
    const comparable = ({ content, stop_reason }: Anthropic.Message) => ({
      stop_reason,
      content: content.map((block) => ('id' in block ? { ...block, id: '' } : block)),
    });
    expect(comparable(streamed)).toEqual(comparable(plain));
  });

  it('carries a tool loop, with errors and images in results, and tools exactly as they were defined', async () => {
    const { anthropic, arrived } = world();
    const messages: Anthropic.MessageParam[] = [
      user('[[tool:Bash {"command":"ls"}]] [[tool:Bash {"command":"pwd"}]] [[then]] [[text:done]]'),
    ];
    const first = await anthropic.messages.create({ model, max_tokens: 100, tools: [tool], messages });
    const calls = first.content.filter((block) => block.type === 'tool_use');
    expect(first.stop_reason).toBe('tool_use');
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ['Bash', { command: 'ls' }],
      ['Bash', { command: 'pwd' }],
    ]);
    const results: Anthropic.ToolResultBlockParam[] = [
      { type: 'tool_result', tool_use_id: calls[0]?.id ?? '', content: 'y'.repeat(100_000) },
      {
        type: 'tool_result',
        tool_use_id: calls[1]?.id ?? '',
        content: [{ type: 'text', text: 'no such file' }],
        is_error: true,
      },
    ];
    messages.push({ role: 'assistant', content: first.content as Anthropic.ContentBlockParam[] }, user(results));
    const second = await anthropic.messages.create({ model, max_tokens: 100, tools: [tool], messages });
    expect(second.content).toEqual([expect.objectContaining(text('done'))]);
    expect(arrived()).toHaveLength(2);
    const last = arrived()[1];
    expect(last?.tools).toMatchObject([{ ...tool }]);
    const returned =
      last &&
      (dialogueOf(last).at(-1)?.content as { tool_use_id: string; content: unknown; is_error?: boolean }[] | undefined);
    expect(
      returned?.map(({ tool_use_id, content, is_error = false }) => [tool_use_id, flat(content), is_error]),
    ).toEqual([
      [calls[0]?.id, 'y'.repeat(100_000), false],
      [calls[1]?.id, 'no such file', true],
    ]);
  });

  it('carries thinking and its signature', async () => {
    const { anthropic, arrived } = world();
    const message = await anthropic.messages.create({
      model,
      max_tokens: 3_000,
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      messages: [user('[[think:Let me see]] [[text:Yes]]')],
    });
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Let me see', signature: expect.stringMatching(/.+/) },
      text('Yes'),
    ]);
    expect(arrived()[0]?.thinking).toMatchObject({ type: 'enabled', budget_tokens: 1_024 });
  });

  it('ends at max_tokens with exactly one completed request', async () => {
    const { anthropic, upstream } = world();
    upstream.script(slowToContinue);
    const message = await anthropic.messages.create({ model, max_tokens: 5, messages: [user('[[tokens:50]]')] });
    expect(message.stop_reason).toBe('max_tokens');
    expect(upstream.messageRequests.filter(({ completed }) => completed)).toHaveLength(1);
  });

  it('tells of a refusal and of a stop sequence as the API does', async () => {
    const { anthropic } = world();
    expect(
      (await anthropic.messages.create({ model, max_tokens: 50, messages: [user('[[refuse]]')] })).stop_reason,
    ).toBe('refusal');
    expect(
      await anthropic.messages.create({
        model,
        max_tokens: 50,
        stop_sequences: ['END'],
        messages: [user('[[text:until END of it]]')],
      }),
    ).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
      content: [{ text: 'until ' }],
    });
  });

  it('counts tokens', async () => {
    const { anthropic } = world();
    const short = await anthropic.messages.countTokens({ model, messages: [user('Hi')] });
    const long = await anthropic.messages.countTokens({
      model,
      system: 'Be nice.',
      messages: [user('Hi '.repeat(200))],
    });
    expect(short.input_tokens).toBeGreaterThan(0);
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 100);
  });

  it('refuses threads in the words that make the SDK send everything again', async () => {
    const { post } = world();
    const response = await post('/v1/messages', {
      model,
      max_tokens: 5,
      messages: [user('Hi')],
      thread: { type: 'create' },
    });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
        },
      },
    ]);
  });

  it('continues a conversation over many requests, each with only what the client sent', async () => {
    const { anthropic, arrived } = world();
    const messages: Anthropic.MessageParam[] = [];
    for (const word of ['one', 'two', 'three', 'four']) {
      messages.push(user(`[[text:${word}!]]`));
      const answer = await anthropic.messages.create({ model, max_tokens: 50, system: 'Count.', messages });
      expect(answer.content).toEqual([expect.objectContaining(text(`${word}!`))]);
      messages.push({ role: 'assistant', content: answer.content as Anthropic.ContentBlockParam[] });
    }
    expect(arrived()).toHaveLength(4);
    const last = arrived()[3];
    expect(last && dialogueOf(last).map(({ role, content }) => [role, (content[0] as { text: string }).text])).toEqual([
      ['user', '[[text:one!]]'],
      ['assistant', 'one!'],
      ['user', '[[text:two!]]'],
      ['assistant', 'two!'],
      ['user', '[[text:three!]]'],
      ['assistant', 'three!'],
      ['user', '[[text:four!]]'],
    ]);
  });
};

const flat = (content: unknown): string =>
  typeof content === 'string' ? content : (content as { text: string }[]).map((block) => block.text).join('');
