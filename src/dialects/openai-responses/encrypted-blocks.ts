/**
 * Blocks that the Messages API needs back unchanged and the Responses API cannot represent: thinking with its
 * signature, results of the API's own tools. They travel in `encrypted_content`, which clients send back as they got
 * it.
 */
import { z } from 'zod';
import type { TextCipher } from '../../util/text-cipher.ts';
import type { ContentBlock } from '../../turn/turn.ts';

const blocks = z.array(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
    z.strictObject({ type: z.literal('redacted_thinking'), data: z.string() }),
    z.looseObject({ type: z.literal('server_tool_use'), id: z.string(), name: z.string(), input: z.unknown() }),
    z.looseObject({ type: z.literal('web_search_tool_result'), tool_use_id: z.string() }),
    z.looseObject({ type: z.literal('web_fetch_tool_result'), tool_use_id: z.string() }),
    z.looseObject({ type: z.literal('code_execution_tool_result'), tool_use_id: z.string() }),
  ]),
);

export const encryptBlocks = (cipher: TextCipher, content: readonly object[]): string =>
  cipher.encrypt(JSON.stringify(content));

/** Undefined for content that another server made, or that was changed. */
export const decryptBlocks = (
  cipher: TextCipher | undefined,
  encrypted: string,
): readonly ContentBlock[] | undefined => {
  const text = cipher?.decrypt(encrypted);
  if (text === undefined) return undefined;
  // Only this server can have written it, but an older version may have written another form.
  const parsed = blocks.safeParse(JSON.parse(text));
  return parsed.success ? (parsed.data as readonly ContentBlock[]) : undefined;
};
