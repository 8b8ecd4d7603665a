/** The account's models: https://docs.anthropic.com/en/api/models-list */
import { CATALOG } from '../../models/catalog.ts';
import type { Family } from '../../models/model.ts';
import { newest, SHORT_NAMES } from '../../models/resolve.ts';
import type { EngineModel } from '../../turn/engine.ts';
import { TurnError } from '../../turn/errors.ts';

interface Page {
  readonly data?: readonly { readonly id: string; readonly display_name?: string }[];
  readonly has_more?: boolean;
  readonly last_id?: string | null;
}

const MOST_PAGES = 20;

/** All pages; the newest of each family gets the family's short name, and the newest sonnet is the `default`. */
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

/** Asks once; a failure is not kept. */
export class ModelCache {
  readonly #load: () => Promise<readonly EngineModel[]>;
  #models: Promise<readonly EngineModel[]> | undefined;

  constructor(load: () => Promise<readonly EngineModel[]>) {
    this.#load = load;
  }

  get(): Promise<readonly EngineModel[]> {
    this.#models ??= this.#load().catch((error: unknown) => {
      this.#models = undefined;
      throw error;
    });
    return this.#models;
  }

  /** The model behind a short name; any other name is given back. */
  async fullId(name: string): Promise<string> {
    if (!SHORT_NAMES.some((short) => short === name)) return name;
    const models = await this.#orCatalog();
    return models.find(({ aliases }) => aliases.includes(name))?.id ?? name;
  }

  /** Gateways often have no list of models; then the catalog says what a short name means. */
  async #orCatalog(): Promise<readonly EngineModel[]> {
    try {
      return await this.get();
    } catch (error) {
      if (error instanceof TurnError && error.code === 'upstream_not_found') return named(CATALOG);
      throw error;
    }
  }
}
