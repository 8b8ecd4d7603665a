/**
 * Identifies the conversation of a request, for choosing its instance: the same for every request of one conversation.
 * Two conversations may share a key; they then share an instance, whose server tells them apart by their messages.
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

/** Hex digest over the owner and the conversation's name, or else over the texts that it begins with. */
export const conversationKey = async (owner: string, headers: Headers, start: readonly string[]): Promise<string> => {
  const name = NAMED_BY.map((header) => headers.get(header)).find((value) => value !== null && value !== '');
  const identity = name === undefined ? ['begins', ...start] : ['named', name];
  const bytes = new TextEncoder().encode(JSON.stringify([owner, ...identity]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
};
