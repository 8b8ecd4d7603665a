/** A conversation as a client has it: it keeps the whole history and sends it with each request. */
import type { ContentBlock, Message, Tool, TurnRequest } from '../../src/turn/turn.ts';
import { ask, MODEL, type Reply, type Target } from './client.ts';

/** What an agent offers, in number and size like a small one. */
export const agentTools: readonly Tool[] = [
  'read',
  'write',
  'edit',
  'bash',
  'grep',
  'glob',
  'fetch',
  'task',
  'todo_read',
  'todo_write',
].map((name) => ({
  name,
  description: `${name}: ${'what this tool does, when it is used and what it must not be used for. '.repeat(8)}`,
  input_schema: {
    type: 'object',
    properties: { path: { type: 'string', description: 'An absolute path' }, limit: { type: 'integer' } },
    required: ['path'],
  },
}));

/** As long as that of a small agent. */
export const agentPrompt = (name: string): string =>
  `You are ${name}.\n${'Answer briefly, use the tools that you were given, and do not guess what you can look up. '.repeat(40)}`;

/** An answer of 30 tokens, each in a delta of its own, all at once: what there is to do, and no waiting. */
export const ANSWER = '[[tokens:30]]';
/** The same at a pace. Of a burst, every server passes the first token on when it has read the last one. */
export const PACED_ANSWER = `${ANSWER} [[slow:2]]`;
export const toolThen = (answer: string): string =>
  `[[tool:read {"path":"/etc/hostname"}]] [[slow:2]] [[then]] ${answer}`;

export interface TalkOptions {
  readonly system?: string;
  readonly tools?: readonly Tool[];
}

/** Sends one request; what a target is made of. */
export type Send = (request: TurnRequest) => Promise<Reply>;

export class Talk {
  readonly #options: TalkOptions;
  readonly #send: Send;
  #messages: readonly Message[] = [];

  constructor(send: Send, options: TalkOptions = {}) {
    this.#send = send;
    this.#options = options;
  }

  static with(target: Target, options: TalkOptions = {}): Talk {
    return new Talk((request) => ask(target, request), options);
  }

  /** The request that would go on with `content`; for the same request to another target. */
  next(content: Message['content'], maxTokens = 1000): TurnRequest {
    const { system, tools } = this.#options;
    return {
      model: MODEL,
      max_tokens: maxTokens,
      messages: [...this.#messages, { role: 'user', content }],
      ...(system !== undefined && { system }),
      ...(tools !== undefined && { tools: [...tools] }),
    };
  }

  async say(content: Message['content']): Promise<Reply> {
    const request = this.next(content);
    const reply = await this.#send(request);
    this.#messages = [...request.messages, { role: 'assistant', content: [...reply.content] }];
    return reply;
  }

  /** Results for the calls of the last answer. */
  results(text = 'bench.example'): ContentBlock[] {
    const last = this.#messages.at(-1)?.content ?? [];
    return (typeof last === 'string' ? [] : last).flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: text }] : [],
    );
  }

  /** Ends it on the server: a process whose answer was cut by max_tokens is not kept. */
  async end(): Promise<void> {
    await this.#send(this.next(ANSWER, 1));
  }
}
