/** Token counts that are simple and repeatable: four characters of JSON are one token; a prompt cache by prefix. */
import { createHash } from 'node:crypto';
import { blocksOf, type DemoRequestBody } from './answer.ts';
import type { InputTokens } from './message.ts';

/** Everything the model would see, in the order the API caches it: tools, system, messages. */
const partsOf = (body: DemoRequestBody): readonly unknown[] => [
  ...(body.tools ?? []),
  ...(typeof body.system === 'string' ? [body.system] : Array.isArray(body.system) ? body.system : []),
  ...body.messages.flatMap((message) => blocksOf(message).map((block) => ({ role: message.role, ...block }))),
];

export const countTokens = (body: DemoRequestBody): number =>
  partsOf(body).reduce<number>((sum, part) => sum + tokensOf(serialise(part)), 0);

/** Remembers prefixes that were marked with `cache_control`; a later request that begins with one reads it. */
export class PromptCache {
  readonly #prefixes = new Set<string>();

  clear(): void {
    this.#prefixes.clear();
  }

  count(body: DemoRequestBody): InputTokens {
    const parts = partsOf(body);
    const lastMark = parts.findLastIndex(isMarked);
    if (lastMark === -1) return { uncached: countTokens(body), cacheRead: 0, cacheCreation: 0 };
    return this.#countMarked(parts, lastMark, body.model);
  }

  #countMarked(parts: readonly unknown[], lastMark: number, model: string): InputTokens {
    const hash = createHash('sha1').update(model);
    let total = 0;
    let cacheRead = 0;
    let marked = 0;
    for (const [index, part] of parts.entries()) {
      const text = serialise(part);
      total += tokensOf(text);
      if (index > lastMark) continue;
      marked = total;
      const prefix = hash.update(text).copy().digest('base64');
      if (this.#prefixes.has(prefix)) cacheRead = total;
      if (isMarked(part)) this.#remember(prefix);
    }
    return { uncached: total - marked, cacheRead, cacheCreation: marked - cacheRead };
  }

  #remember(prefix: string): void {
    const [oldest] = this.#prefixes;
    if (this.#prefixes.size >= 20_000 && oldest !== undefined) this.#prefixes.delete(oldest);
    this.#prefixes.add(prefix);
  }
}

const tokensOf = (text: string): number => Math.ceil(text.length / 4);

const serialise = (part: unknown): string =>
  typeof part === 'object' && part !== null && 'cache_control' in part
    ? JSON.stringify({ ...part, cache_control: undefined })
    : JSON.stringify(part);

const isMarked = (part: unknown): boolean =>
  typeof part === 'object' &&
  part !== null &&
  'cache_control' in part &&
  part.cache_control !== null &&
  part.cache_control !== undefined;
