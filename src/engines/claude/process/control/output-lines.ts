/** What the CLI prints, line by line and in order: the messages of a turn, and the answers to control requests. */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { ControlResponse } from './control-channel.ts';

export type OutputLine = SDKMessage | ControlResponse;

/** Lines that only concern the Agent SDK and the life of the queue, and can be long. */
const OTHERS = /^\{"type":"(control_request|command_lifecycle|keep_alive)"/;

/** Calls `take` with each line that is a message; what is no JSON object is none. */
export const readLines = (output: Readable, take: (line: OutputLine) => void): void => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  output.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = parse(line);
      if (message !== undefined) take(message);
    }
  });
};

const parse = (line: string): OutputLine | undefined => {
  if (!line.startsWith('{') || OTHERS.test(line)) return undefined;
  try {
    return JSON.parse(line) as OutputLine;
  } catch {
    // A warning of the runtime, say.
    return undefined;
  }
};
