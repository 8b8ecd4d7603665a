/** The control request that cuts a conversation, and what its answers mean. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlReply } from './control-channel.ts';

type Request = (request: { readonly subtype: string; readonly [member: string]: unknown }) => Promise<ControlReply>;

/**
 * Reasons to refuse that pass within milliseconds: the message is still on its way in, or what follows it on its way
 * out.
 */
const PASSING = new Set(['target_not_found', 'commands_queued', 'turn_running', 'unseen_later_turn', 'stale_target']);
const PATIENCE_MS = 2_000;
const PAUSE_MS = 5;

/**
 * Cuts before the user message `target`, also in the middle of a turn, which it stops; resolves to the reason where the
 * CLI refuses. `newest` gives the newest user message that is known, for the CLI cuts nothing that the caller has not
 * seen.
 */
export const cutBefore = async (
  request: Request,
  target: string,
  newest: () => string | undefined,
): Promise<string | undefined> => {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const reply = await request({
      subtype: 'rewind_conversation',
      target_message_uuid: target,
      last_seen_user_message_uuid: newest() ?? target,
      interrupt_if_running: true,
    });
    if (reply.ok && reply.response['rewound'] === true) return undefined;
    const reason = String(reply.ok ? reply.response['reason'] : reply.code);
    if (!PASSING.has(reason) || performance.now() > until) return reason;
    await sleep(PAUSE_MS);
  }
};
