/** What the tests of the direct engine share. */
import type { TurnEvent } from '../../../src/turn/events.ts';
import { TurnError } from '../../../src/turn/errors.ts';
import type { Turn, TurnRequest } from '../../../src/turn/turn.ts';

export const MODEL = 'claude-haiku-4-5-20251001';

export const turnOf = (text: string, more: Partial<TurnRequest> = {}, betas: readonly string[] = []): Turn => ({
  id: 'req_test',
  owner: 'owner',
  request: { model: MODEL, max_tokens: 1000, messages: [{ role: 'user', content: text }], ...more },
  betas,
});

export interface Outcome {
  readonly events: readonly TurnEvent[];
  readonly error: TurnError | undefined;
}

/** Everything that was yielded, and the error at the end; any other error is a failure of the test. */
export const collect = async (source: AsyncIterable<TurnEvent>): Promise<Outcome> => {
  const events: TurnEvent[] = [];
  try {
    for await (const event of source) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    if (!(error instanceof TurnError)) throw error;
    return { events, error };
  }
};

export const textOf = (events: readonly TurnEvent[]): string =>
  events
    .map((event) => (event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : ''))
    .join('');

export const noticesOf = (events: readonly TurnEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? [event.notice] : []));
