/** Ids of tool calls: the API takes `[a-zA-Z0-9_-]` only, and clients bring histories from anywhere. */
import { sha256 } from '../util/sha256.ts';

const NATIVE = /^[a-zA-Z0-9_-]{1,128}$/u;

/** The same id if the API takes it, else a readable one with a hash of the original: the same in every request. */
export const nativeToolId = (id: string): string => {
  if (NATIVE.test(id)) return id;
  const readable = id.replaceAll(/[^a-zA-Z0-9_-]+/gu, '_').slice(0, 32);
  return `${readable}_${shortHash(id)}`;
};

export const shortHash = (text: string): string => sha256(text).slice(0, 24);

/**
 * The API requires unique ids; some clients count from `call_1` in each step. The n-th use gets the suffix n, the same
 * in every request. Claude Code takes `x_2` beside `x` for a part of that call and loses its result, hence two
 * underscores.
 */
export class UniqueIds {
  readonly #timesUsed = new Map<string, number>();

  next(id: string): string {
    const times = (this.#timesUsed.get(id) ?? 0) + 1;
    this.#timesUsed.set(id, times);
    return times === 1 ? id : `${id}__${times}`;
  }
}
