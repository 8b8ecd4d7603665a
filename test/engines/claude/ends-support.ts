/** What the tests of ends share: the little programs, the children of a lab, and failures as values. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { folderOf } from '../../../src/engines/claude/process/control/cli-options.ts';
import { TurnError } from '../../../src/turn/errors.ts';
import type { TurnEvent } from '../../../src/turn/events.ts';
import type { Message } from '../../../src/turn/turn.ts';
import type { Lab, Ran } from './support.ts';

export const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

/** Ids of the children that a lab's engine has noted. */
export const childrenOf = ({ dir }: Pick<Lab, 'dir'>): number[] =>
  readdirSync(join(dir, 'state', 'children'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => Number(/-(\d+)\.json$/.exec(file)?.[1]));

export const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Turns that the little programs of a lab were given. */
export const turnsTaken = ({ dir }: Pick<Lab, 'dir'>): number => {
  const file = join(folderOf({ workDir: join(dir, 'work') }), 'turns');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};

export const failureOf = async (work: Promise<unknown>): Promise<TurnError> => {
  const outcome = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(TurnError);
  return outcome as TurnError;
};

export const patiently = { timeout: 30_000, interval: 20 };

/** What a client would ask next. */
export const goOn = (messages: readonly Message[], ran: Ran, content: Message['content']): Message[] => [
  ...messages,
  { role: 'assistant', content: ran.message.content },
  { role: 'user', content },
];

export const resultsOf = (ran: Ran, content = 'the result'): Message['content'] =>
  ran.calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content }));

/** Reads events until one is of this type. */
export const until = async (events: AsyncIterator<TurnEvent>, type: TurnEvent['type']): Promise<void> => {
  for (;;) {
    const { done, value } = await events.next();
    if (done === true) throw new Error(`no ${type} came`);
    if (value.type === type) return;
  }
};
