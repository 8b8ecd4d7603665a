/** Replaces a model that turns out to be retired, for the request that shows it: nothing was answered yet. */
import type { ParsedRequest } from '../dialects/dialect.ts';
import { TurnError } from '../turn/errors.ts';
import { isStreamEvent, type TurnEvent } from '../turn/events.ts';

/**
 * The request for another model after this error; undefined where there is none. Each model is replaced once, so this
 * ends.
 */
export type Replace = (parsed: ParsedRequest, error: unknown) => Promise<ParsedRequest | undefined>;

export async function* runReplaceable(
  first: ParsedRequest,
  run: (parsed: ParsedRequest) => AsyncIterable<TurnEvent>,
  replace: Replace,
): AsyncGenerator<TurnEvent, void, undefined> {
  for (let parsed = first; ;) {
    let begun = false;
    try {
      for await (const event of run(parsed)) {
        begun ||= isStreamEvent(event);
        yield event;
      }
      return;
    } catch (error) {
      const next = begun ? undefined : await replace(parsed, error);
      if (next === undefined) throw error;
      parsed = next;
    }
  }
}

export const countReplaceable = async (
  parsed: ParsedRequest,
  count: (parsed: ParsedRequest) => Promise<number>,
  replace: Replace,
): Promise<number> => {
  try {
    return await count(parsed);
  } catch (error) {
    const next = await replace(parsed, error);
    if (next === undefined) throw error;
    return countReplaceable(next, count, replace);
  }
};

/** The API and Claude Code both name the model; a file or a container can also be "not found". */
export const isModelNotFound = (error: unknown): boolean =>
  error instanceof TurnError && error.code === 'upstream_not_found' && /model/iu.test(error.message);
