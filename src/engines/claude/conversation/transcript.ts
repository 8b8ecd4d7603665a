/** A history as the transcript entries that Claude Code resumes from. Pure but for the ids it draws. */
import { randomUUID } from 'node:crypto';
import type { Options, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { Exchange } from './exchanges.ts';

/**
 * Options that make a process begin with `history`: a store that the SDK reads once, before it spawns
 * the process. What the CLI writes afterwards is not kept: this server's conversations live in processes.
 */
export const resumeOptions = (
  history: readonly Exchange[],
  model: string,
  cwd: string,
): Pick<Options, 'resume' | 'sessionStore' | 'model'> => {
  const sessionId = randomUUID();
  const entries = toEntries(history, { sessionId, model, cwd });
  return {
    // Set from the start: to change it on a process that holds messages would write into the conversation.
    model,
    resume: sessionId,
    sessionStore: {
      load: ({ sessionId: asked }) => Promise.resolve(asked === sessionId ? entries : null),
      append: () => Promise.resolve(),
    },
  };
};

const toEntries = (
  history: readonly Exchange[],
  { sessionId, model, cwd }: { sessionId: string; model: string; cwd: string },
): SessionStoreEntry[] => {
  const timestamp = new Date().toISOString();
  let parentUuid: string | null = null;
  return history.map(({ role, content }, index) => {
    const uuid = randomUUID();
    const message =
      role === 'user'
        ? { role, content }
        : {
            id: `msg_history_${index}`,
            type: 'message',
            role,
            model,
            content,
            stop_reason: 'end_turn',
            stop_sequence: null,
            usage: { input_tokens: 0, output_tokens: 0 },
          };
    const entry = {
      parentUuid,
      uuid,
      sessionId,
      type: role,
      message,
      timestamp,
      isSidechain: false,
      userType: 'external',
      cwd,
      version: '2.1.330',
    };
    parentUuid = uuid;
    return entry;
  });
};
