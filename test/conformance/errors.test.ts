import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { onEveryEngine, opensAgain } from './set-up.ts';

const model = 'claude-sonnet-4-5-20250929';
const user = (content: string) => ({ role: 'user' as const, content });

/** The upstream's status, and what the caller must see of it. */
const statuses = [
  { status: 400, type: 'invalid_request_error' },
  { status: 401, type: 'authentication_error' },
  { status: 403, type: 'permission_error' },
  { status: 404, type: 'not_found_error' },
  { status: 413, type: 'request_too_large' },
  { status: 429, type: 'rate_limit_error' },
  { status: 500, type: 'api_error' },
  { status: 529, type: 'overloaded_error' },
];

// The headers wait long, so that on a busy machine an early error does not become a late one.
onEveryEngine(
  'errors',
  (world) => {
    describe.each(statuses)('of the upstream with $status', ({ status, type }) => {
      it.each([false, true])("have this status and each dialect's body (stream: %s)", async (stream) => {
        const { openai, anthropic } = world();
        const messages = [user(`[[error:${status}]]`)];
        const [chat, message] = await Promise.all([
          openai.chat.completions.create({ model: 'gpt-4o', messages, stream }).catch((error: unknown) => error),
          anthropic.messages.create({ model, max_tokens: 50, messages, stream }).catch((error: unknown) => error),
        ]);
        expect(chat).toBeInstanceOf(OpenAI.APIError);
        expect(chat).toMatchObject({ status, error: { message: expect.any(String), type: expect.any(String) } });
        expect(message).toBeInstanceOf(Anthropic.APIError);
        expect(message).toMatchObject({
          status,
          requestID: expect.stringMatching(/^req_/),
          error: { type: 'error', error: { type }, request_id: expect.stringMatching(/^req_/) },
        });
        if (status === 429) await opensAgain(world());
      });
    });

    it('of a limit say when to come back', async () => {
      const { openai, anthropic } = world();
      const messages = [user('[[error:429 retry-after=1]]')];
      const errors = await Promise.all([
        openai.chat.completions.create({ model: 'gpt-4o', messages }).catch((error: unknown) => error),
        anthropic.messages.create({ model, max_tokens: 50, messages }).catch((error: unknown) => error),
      ]);
      for (const error of errors) {
        expect(error).toMatchObject({ status: 429 });
        // Claude Code tells of the delay with a little of its own on top.
        expect((error as { headers: Headers }).headers.get('retry-after')).toMatch(/^[12]$/);
        expect((error as Error).message).toMatch(/Try again in [12] s\./);
      }
      await opensAgain(world());
    });

    it('in the middle of a stream reach the caller as errors, not as an end', async () => {
      const { openai, anthropic } = world();
      const messages = [user('[[text:one two three four]] [[error-mid:overloaded_error after=2]]')];
      const chat = await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
      const seen: OpenAI.ChatCompletionChunk[] = [];
      await expect(
        (async () => {
          for await (const chunk of chat) seen.push(chunk);
        })(),
      ).rejects.toMatchObject({ error: { message: expect.any(String) } });
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.some(({ choices }) => choices[0]?.finish_reason)).toBe(false);
      await expect(anthropic.messages.stream({ model, max_tokens: 50, messages }).finalMessage()).rejects.toMatchObject(
        { error: { error: { type: 'overloaded_error' } } },
      );
    });

    it('a connection that is cut in mid-stream is an error, and starts no second message', async () => {
      const { post } = world();
      const response = await post('/v1/messages', {
        model,
        max_tokens: 50,
        stream: true,
        messages: [user('[[slow:100]] [[text:one two three four]] [[cut:2]]')],
      });
      const body = await response.text();
      expect(body.match(/event: message_start/g), body).toHaveLength(1);
      expect(body).toMatch(/event: error\n/);
      expect(body).not.toContain('message_stop');
    });

    it('name the field at fault and never reach the upstream', async () => {
      const { openai, post, upstream } = world();
      await expect(
        openai.chat.completions.create({ model: 'gpt-4o', n: 2, messages: [user('Hi')] }),
      ).rejects.toMatchObject({ status: 400, param: 'n' });
      const typed = await post('/v1/messages', { model, max_tokens: 'many', messages: [user('Hi')] });
      expect([typed.status, await typed.json()]).toMatchObject([
        400,
        { error: { message: expect.stringContaining('max_tokens') } },
      ]);
      expect(upstream.messageRequests).toHaveLength(0);
    });

    it("of the API name the caller's own field, in its own words", async () => {
      const { openai } = world();
      const image = (url: string) => ({ type: 'image_url' as const, image_url: { url } });
      const refused = openai.chat.completions.create({
        model: 'gpt-4o',
        messages: [
          { role: 'system', content: 'Look.' },
          user('One'),
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Two' },
              image('https://example.com/a.png'),
              image('data:image/png;base64,/9j/AAAA'),
            ],
          },
        ],
      });
      await expect(refused).rejects.toMatchObject({
        status: 400,
        param: 'messages[2].content[2].image_url.url',
        message: expect.stringMatching(
          /'messages\[2\]\.content\[2\]\.image_url\.url': (The image was specified|Could not process image)/,
        ),
      });
    });

    it('leave the server able to serve', async () => {
      const { openai } = world();
      await openai.chat.completions
        .create({ model: 'gpt-4o', messages: [user('[[error:500]]')] })
        .catch(() => undefined);
      expect(
        (await openai.chat.completions.create({ model: 'gpt-4o', messages: [user('[[text:fine]]')] })).choices[0]
          ?.message.content,
      ).toBe('fine');
    });
  },
  { HEADER_WAIT_MS: '15000' },
);
