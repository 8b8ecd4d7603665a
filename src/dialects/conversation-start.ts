/** The beginning of a conversation, as texts that stay the same in all its requests. */

interface LooseMessage {
  readonly role?: unknown;
  readonly content?: unknown;
}

/** Everything before the first user message, and that message, of a list of messages in any of the APIs' forms. */
export const startOfMessages = (messages: unknown, system?: unknown): readonly string[] => {
  if (!Array.isArray(messages)) return [textOf(system)];
  const list = messages as readonly (LooseMessage | null)[];
  const first = list.findIndex((message) => message?.role === 'user');
  const before = first === -1 ? list : list.slice(0, first);
  return [textOf(system), ...before.map((message) => textOf(message?.content)), '', textOf(list[first]?.content)];
};

/** Clients move cache marks from one request to the next, so only the text of a part is used. */
export const textOf = (content: unknown): string => {
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
