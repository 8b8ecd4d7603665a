/**
 * A conversation made short by the model: it writes a summary, which travels encrypted in a `compaction` item and takes
 * the place of what it sums up. Asked for by an item at the end of the input, as Codex does, or by a path of its own.
 */
import { z } from 'zod';
import { TurnError } from '../../turn/errors.ts';
import type { ContentBlock, Message } from '../../turn/turn.ts';
import type { TextCipher } from '../../util/text-cipher.ts';
import type { ResponsesRequest } from './wire.ts';

/** This text is the server's own; the docs show it. */
export const SUMMARY_WANTED =
  'Write a summary of this conversation for yourself: it takes the place of everything above, and you will go on ' +
  'from it alone. Keep what the user asked for and every condition they set; what was decided, and why; files, ' +
  'commands, names, ids and figures exactly as they are; what is done, what failed, and what comes next. Write the ' +
  'summary and nothing else.';

export const wantsSummary = ({ input }: Pick<ResponsesRequest, 'input'>): boolean =>
  Array.isArray(input) && input.at(-1)?.type === 'compaction_trigger';

export const withSummaryWanted = (messages: readonly Message[]): readonly Message[] => [
  ...messages,
  { role: 'user', content: [{ type: 'text', text: SUMMARY_WANTED }] },
];

/** The request as it is answered: a summary is prose, and no tool is called for it. */
export const asSummaryRequest = (asked: ResponsesRequest, cipher: TextCipher | undefined): ResponsesRequest => {
  if (cipher === undefined) {
    throw new TurnError('unsupported_parameter', 'This server has no key to encrypt a summary with.', {
      param: 'input',
    });
  }
  return { ...asked, tool_choice: 'none', text: null };
};

const sealed = z.strictObject({ summary: z.string() });

export const encryptSummary = (cipher: TextCipher, summary: string): string =>
  cipher.encrypt(JSON.stringify({ summary } satisfies z.infer<typeof sealed>));

/** What Claude reads in its place; undefined for an item that another server made, or that was changed. */
export const decryptSummary = (cipher: TextCipher | undefined, encrypted: string): ContentBlock | undefined => {
  const text = cipher?.decrypt(encrypted);
  if (text === undefined) return undefined;
  const parsed = sealed.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  return { type: 'text', text: `<conversation-summary>\n${parsed.data.summary}\n</conversation-summary>` };
};
