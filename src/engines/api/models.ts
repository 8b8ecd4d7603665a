/** The account's models: https://docs.anthropic.com/en/api/models-list */
import { CATALOG } from '../../models/catalog.ts';
import type { Family } from '../../models/model.ts';
import { newest, SHORT_NAMES } from '../../models/resolve.ts';
import type { EngineModel } from '../../turn/engine.ts';
import { TurnError } from '../../turn/errors.ts';
import type { Clock } from '../../util/clock.ts';

interface Page {
  readonly data?: readonly { readonly id: string; readonly display_name?: string }[];
  readonly has_more?: boolean;
  readonly last_id?: string | null;
}

const MOST_PAGES = 20;

/** All pages. The newest of each family gets the family's short name; the newest Sonnet is the `default`. */
export const listModels = async (get: (path: string) => Promise<unknown>): Promise<readonly EngineModel[]> => {
  const found: { id: string; displayName: string }[] = [];
  let after = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { data = [], has_more: more, last_id: last } = (await get(`/v1/models?limit=100${after}`)) as Page;
    found.push(...data.map(({ id, display_name: displayName }) => ({ id, displayName: displayName ?? id })));
    if (more !== true || typeof last !== 'string') break;
    after = `&after_id=${encodeURIComponent(last)}`;
  }
  return named(found);
};

const named = (found: readonly { id: string; displayName: string }[]): readonly EngineModel[] => {
  const plain = found.map((model) => ({ ...model, aliases: [] }));
  return plain.map((model) => ({
    ...model,
    aliases: SHORT_NAMES.filter((name) => newest(familyBehind(name), plain) === model.id),
  }));
};

const familyBehind = (name: (typeof SHORT_NAMES)[number]): Family => (name === 'default' ? 'sonnet' : name);

export interface ModelCacheOptions {
  readonly load: () => Promise<readonly EngineModel[]>;
  readonly clock: Pick<Clock, 'elapsed'>;
}

/** How long a list counts as fresh. */
const LIFETIME_MS = 600_000;
/** How long an old list is used after the upstream failed to return a new one. */
const AFTER_FAILURE_MS = 60_000;

/** Caches the list. Where no new one can be had, the old one is used; a first failure is not cached. */
export class ModelCache {
  readonly #options: ModelCacheOptions;
  #models: readonly EngineModel[] | undefined;
  #staleAt = 0;
  #loading: Promise<readonly EngineModel[]> | undefined;

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /** Waits for a new list where the cached one is old. */
  get(): Promise<readonly EngineModel[]> {
    if (this.#models !== undefined && this.#options.clock.elapsed() < this.#staleAt)
      return Promise.resolve(this.#models);
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** The model of a short name; any other name is returned unchanged. */
  async fullId(name: string): Promise<string> {
    if (!SHORT_NAMES.some((short) => short === name)) return name;
    const models = await this.#orCatalog();
    return models.find(({ aliases }) => aliases.includes(name))?.id ?? name;
  }

  async #load(): Promise<readonly EngineModel[]> {
    const { load, clock } = this.#options;
    try {
      this.#models = await load();
      this.#staleAt = clock.elapsed() + LIFETIME_MS;
    } catch (error) {
      if (this.#models === undefined) throw error;
      this.#staleAt = clock.elapsed() + AFTER_FAILURE_MS;
    }
    return this.#models;
  }

  /** A turn does not wait for a newer list. Gateways often have none; then the catalog resolves short names. */
  async #orCatalog(): Promise<readonly EngineModel[]> {
    try {
      const newest = this.get();
      return this.#models ?? (await newest);
    } catch (error) {
      if (error instanceof TurnError && error.code === 'upstream_not_found') return named(CATALOG);
      throw error;
    }
  }
}
