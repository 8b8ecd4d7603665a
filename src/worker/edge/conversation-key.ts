/**
 * Which conversation a request belongs to, as far as the choice of an instance needs to know: the
 * same for every request of one conversation. Two conversations may share it; they then share an
 * instance, and the server inside tells them apart by all that was said.
 */

/** Headers by which clients name their conversation, the clearest first (opencode, codex, Claude Code send some). */
const NAMED_BY = [
  'x-conversation-id',
  'x-claude-code-session-id',
  'x-session-affinity',
  'x-session-id',
  'session_id',
  'thread-id',
];

/** Hex digest over the owner and the conversation's name, or else over how the conversation begins. */
export const conversationKey = async (owner: string, headers: Headers, body: unknown): Promise<string> => {
  const name = NAMED_BY.map((header) => headers.get(header)).find((value) => value !== null && value !== '');
  const identity = name === undefined ? ['begins', ...beginning(body)] : ['named', name];
  const bytes = new TextEncoder().encode(JSON.stringify([owner, ...identity]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

interface LooseMessage {
  readonly role?: unknown;
  readonly content?: unknown;
}

/** System text and first user message of a Messages or Chat Completions body; a prompt's own text for completions. */
const beginning = (body: unknown): readonly string[] => {
  if (typeof body !== 'object' || body === null) return [];
  const { system, messages, prompt } = body as { system?: unknown; messages?: unknown; prompt?: unknown };
  if (!Array.isArray(messages)) return [textOf(prompt)];
  const list = messages as readonly (LooseMessage | null)[];
  const first = list.findIndex((message) => message?.role === 'user');
  const before = first === -1 ? list : list.slice(0, first);
  return [textOf(system), ...before.map((message) => textOf(message?.content)), '', textOf(list[first]?.content)];
};

// Clients move cache marks and re-serialise from one request to the next: text counts, the rest of a text part does not.
const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return content === undefined || content === null ? '' : JSON.stringify(content);
  return (content as readonly unknown[]).map(textOfPart).join('\n');
};

const textOfPart = (part: unknown): string => {
  if (typeof part !== 'object' || part === null) return String(part);
  if ('text' in part && typeof part.text === 'string') return part.text;
  const { cache_control: _, ...rest } = part as Record<string, unknown>;
  return JSON.stringify(rest);
};
