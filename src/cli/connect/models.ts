/**
 * The models that configurations name, with what clients want to know of them: all from the catalog and the price list.
 */
import { abilitiesOf, CATALOG } from '../../models/catalog.ts';
import type { Family } from '../../models/model.ts';
import { pricesOf, type Rates } from '../../models/prices.ts';

export interface ClientModel {
  readonly id: string;
  readonly name: string;
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  /** Whether it takes `temperature`. */
  readonly temperature: boolean;
  /** US dollars for a million tokens; absent where the price is not known. */
  readonly prices?: Rates;
}

const FAMILIES: readonly Family[] = ['sonnet', 'opus', 'haiku'];

/** The newest model of each family, Sonnet first. */
export const clientModels = (now: number): readonly ClientModel[] =>
  FAMILIES.flatMap((family) => CATALOG.find((model) => model.family === family) ?? []).map(({ id, displayName }) => {
    const { contextTokens, maxOutputTokens, sampling } = abilitiesOf(id);
    const prices = pricesOf(id, now);
    return {
      id,
      name: displayName,
      contextTokens,
      maxOutputTokens,
      temperature: sampling !== 'none',
      ...(prices !== undefined && { prices }),
    };
  });
