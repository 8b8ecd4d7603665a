/** Names and models of this server: the resolver and the list, over what the engine reports. */
import type { Services } from '../http/services.ts';
import { listModels } from '../models/list.ts';
import { createResolver } from '../models/resolve.ts';
import { ReportedModels } from '../models/reported-models.ts';
import type { Engine } from '../turn/engine.ts';
import type { Config } from '../settings/server-settings.ts';

type ModelServices = Pick<Services, 'resolveModel' | 'listModels' | 'modelsKnown'>;

type ModelSettings = Pick<Config, 'MODEL_MAP' | 'MODEL_UNKNOWN' | 'MODEL_TRACK'>;

export const createModels = (
  { MODEL_MAP: map, MODEL_UNKNOWN: unknown, MODEL_TRACK: track }: ModelSettings,
  engine: Pick<Engine, 'models'>,
  { log, clock }: Pick<Services, 'log' | 'clock'>,
): ModelServices => {
  const list = new ReportedModels(engine, { log, clock });
  const resolveModel = createResolver({ map, unknown, track, reported: () => list.models });
  return {
    resolveModel,
    modelsKnown: () => list.known(),
    listModels: async () => {
      await list.asNewAsPossible();
      return listModels({ resolve: resolveModel, reported: list.models, map });
    },
  };
};
