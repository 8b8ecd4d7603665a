/**
 * The two forms in which the measurements ask. Written apart from src/dialects on purpose: a client that shares
 * the server's code would not notice where both are wrong. Only text and tools, which is all the benchmarks send.
 */
import type { StreamEvent } from '../../src/turn/events.ts';
import { MessageFold } from '../../src/turn/fold.ts';
import type { ContentBlock, Message, TurnRequest } from '../../src/turn/turn.ts';

export interface WireDialect {
  readonly path: string;
  /** Matches what has been received as soon as the answer's first token is in it. */
  readonly firstToken: RegExp;
  encode(request: TurnRequest): object;
  /** The answer of the frames of a stream; throws where it is not complete. */
  decode(frames: readonly unknown[]): readonly ContentBlock[];
}

export const messages: WireDialect = {
  path: '/v1/messages',
  firstToken: /"type":"content_block_delta"/,
  encode: (request) => ({ ...request, stream: true }),
  decode: (frames) => {
    const fold = new MessageFold();
    for (const frame of frames as { type: string }[]) {
      if (frame.type === 'error') throw new Error(JSON.stringify(frame));
      if (frame.type !== 'ping') fold.add(frame as StreamEvent);
    }
    return fold.message().content;
  },
};

export const chat: WireDialect = {
  path: '/v1/chat/completions',
  firstToken: /"content": ?"[^"]|"tool_calls": ?\[/,
  encode: ({ system, messages: said, tools, ...rest }) => ({
    model: rest.model,
    max_tokens: rest.max_tokens,
    stream: true,
    messages: [...(typeof system === 'string' ? [{ role: 'system', content: system }] : []), ...said.flatMap(toChat)],
    ...(tools !== undefined && {
      tools: tools.map((tool) => toChatTool(tool as { name: string; description?: string; input_schema: object })),
    }),
  }),
  decode: (frames) => {
    let text = '';
    const calls = new Map<number, { id: string; name: string; json: string }>();
    let finished = false;
    for (const { choices, error } of frames as ChatChunk[]) {
      if (error !== undefined) throw new Error(JSON.stringify(error));
      const [choice] = choices ?? [];
      text += choice?.delta?.content ?? '';
      finished ||= Boolean(choice?.finish_reason);
      for (const { index, id, function: called } of choice?.delta?.tool_calls ?? []) {
        const call = calls.get(index) ?? { id: id ?? '', name: called?.name ?? '', json: '' };
        calls.set(index, { ...call, json: call.json + (called?.arguments ?? '') });
      }
    }
    if (!finished) throw new Error('the stream ended without a finish_reason');
    const uses = [...calls.values()].map(({ id, name, json }): ContentBlock => ({
      type: 'tool_use',
      id,
      name,
      input: JSON.parse(json || '{}') as object,
    }));
    return [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...uses];
  },
};

interface ChatChunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly error?: unknown;
}

const toChat = ({ role, content }: Message): object[] => {
  if (typeof content === 'string') return [{ role, content }];
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  const results = content.flatMap((block) =>
    block.type === 'tool_result' ? [{ role: 'tool', tool_call_id: block.tool_use_id, content: block.content }] : [],
  );
  const calls = content.flatMap((block) =>
    block.type === 'tool_use'
      ? [{ id: block.id, type: 'function', function: { name: block.name, arguments: JSON.stringify(block.input) } }]
      : [],
  );
  if (results.length > 0) return results;
  return [{ role, content: text, ...(calls.length > 0 && { tool_calls: calls }) }];
};

const toChatTool = ({
  name,
  description,
  input_schema,
}: {
  name: string;
  description?: string;
  input_schema: object;
}): object => ({
  type: 'function',
  function: { name, description, parameters: input_schema },
});
