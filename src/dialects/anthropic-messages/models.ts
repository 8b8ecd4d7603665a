/** `/v1/models` in Anthropic's shape. https://docs.anthropic.com/en/api/models-list */
import type { ListedModel } from '../../models/list.ts';

export const renderModel = ({ id, resolvesTo, displayName, createdAt }: ListedModel): object => ({
  type: 'model',
  id,
  display_name: displayName,
  created_at: createdAt,
  ...(resolvesTo === id ? {} : { resolves_to: resolvesTo }),
});

/** All models on one page. */
export const renderModels = (models: readonly ListedModel[]): object => ({
  data: models.map((model) => renderModel(model)),
  has_more: false,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null,
});
