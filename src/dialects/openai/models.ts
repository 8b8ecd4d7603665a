/** `/v1/models` in OpenAI's shape. https://platform.openai.com/docs/api-reference/models */
import type { ListedModel } from '../../models/list.ts';

export const renderModel = ({ id, resolvesTo, createdAt }: ListedModel): object => ({
  id,
  object: 'model',
  created: Math.floor(Date.parse(createdAt) / 1000),
  owned_by: 'anthropic',
  ...(resolvesTo === id ? {} : { resolves_to: resolvesTo }),
});

export const renderModels = (models: readonly ListedModel[]): object => ({
  object: 'list',
  data: models.map((model) => renderModel(model)),
});
