/** `GET /v1/models` and `/v1/models/:id`, in the shape of the API that the caller speaks. */
import type { Handler } from 'hono';
import { TurnError } from '../turn/errors.ts';
import { printable } from './body.ts';
import { speaksAnthropic } from './dialect-of.ts';
import type { HttpEnv } from './env.ts';
import type { ListedModel, Services } from './services.ts';

type Needs = Pick<Services, 'listModels'>;

export const modelsRoute = ({ listModels }: Needs): Handler<HttpEnv> => async (c) => {
  const models = await listModels();
  if (!speaksAnthropic(c)) return c.json({ object: 'list', data: models.map(openAiModel) });
  const ids = models.map(({ id }) => id);
  return c.json({ data: models.map(anthropicModel), has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null });
};

export const modelRoute = ({ listModels }: Needs): Handler<HttpEnv> => async (c) => {
  const id = c.req.param('id') ?? '';
  const model = (await listModels()).find((each) => each.id.toLowerCase() === id.toLowerCase());
  if (model === undefined) throw new TurnError('model_not_found', `There is no model ${printable(id)}; GET /v1/models lists all.`, { param: 'model' });
  return c.json(speaksAnthropic(c) ? anthropicModel(model) : openAiModel(model));
};

// https://platform.openai.com/docs/api-reference/models/object
const openAiModel = ({ id, createdAt, resolvesTo }: ListedModel) => ({
  id,
  object: 'model',
  created: Math.floor(Date.parse(createdAt) / 1000),
  owned_by: 'anthropic',
  ...(resolvesTo !== id && { resolves_to: resolvesTo }),
});

// https://docs.anthropic.com/en/api/models
const anthropicModel = ({ id, displayName, createdAt, resolvesTo }: ListedModel) => ({
  type: 'model',
  id,
  display_name: displayName,
  created_at: createdAt,
  ...(resolvesTo !== id && { resolves_to: resolvesTo }),
});
