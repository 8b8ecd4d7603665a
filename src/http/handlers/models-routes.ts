/** `GET /v1/models` and `/v1/models/:id`, in the shape of the API that the caller speaks. */
import type { Handler } from 'hono';
import { modelOfKey, modelsOfKey } from '../../access/key-models.ts';
import { TurnError } from '../../turn/errors.ts';
import { printable } from '../request/body.ts';
import type { HttpContext, HttpEnv } from '../context.ts';
import type { Services } from '../services.ts';
import type { ListedModel } from '../../models/list.ts';

type Needs = Pick<Services, 'listModels'>;

export const modelsRoute =
  ({ listModels }: Needs): Handler<HttpEnv> =>
  async (c) => {
    const key = c.get('caller')?.key;
    const all = await listModels();
    return c.json(c.get('dialect').renderModels(key === undefined ? all : modelsOfKey(key, all)));
  };

export const modelRoute =
  (services: Needs): Handler<HttpEnv> =>
  async (c) =>
    c.json(c.get('dialect').renderModel(await listedModel(c, c.req.param('id') ?? '', services)));

/** Throws `model_not_found`, also for a model that the caller's key may not use. */
export const listedModel = async (c: HttpContext, id: string, { listModels }: Needs): Promise<ListedModel> => {
  const key = c.get('caller')?.key;
  const all = await listModels();
  const model =
    key === undefined ? all.find((each) => each.id.toLowerCase() === id.toLowerCase()) : modelOfKey(id, key, all);
  if (model !== undefined) return model;
  throw new TurnError('model_not_found', `There is no model ${printable(id)}; GET /v1/models lists all.`, {
    param: 'model',
  });
};
