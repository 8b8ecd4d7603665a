/** `GET /v1/models` and `/v1/models/:id`, in the shape of the API that the caller speaks. */
import type { Handler } from 'hono';
import { TurnError } from '../../turn/errors.ts';
import { printable } from '../request/body.ts';
import type { HttpEnv } from '../context.ts';
import type { Services } from '../services.ts';
import type { ListedModel } from '../../models/list.ts';

export const modelsRoute =
  ({ listModels }: Pick<Services, 'listModels'>): Handler<HttpEnv> =>
  async (c) =>
    c.json(c.get('dialect').renderModels(await listModels()));

export const modelRoute =
  ({ listModels }: Pick<Services, 'listModels'>): Handler<HttpEnv> =>
  async (c) => {
    return c.json(c.get('dialect').renderModel(await listedModel(c.req.param('id') ?? '', { listModels })));
  };

/** Throws `model_not_found`. */
export const listedModel = async (id: string, { listModels }: Pick<Services, 'listModels'>): Promise<ListedModel> => {
  const model = (await listModels()).find((each) => each.id.toLowerCase() === id.toLowerCase());
  if (model !== undefined) return model;
  throw new TurnError('model_not_found', `There is no model ${printable(id)}; GET /v1/models lists all.`, {
    param: 'model',
  });
};
