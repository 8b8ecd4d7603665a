/** Names and models of this server: the resolver and the list, over what the engine reports. */
import type { Services } from '../http/services.ts';
import { listModels } from '../models/list.ts';
import { createResolver } from '../models/resolve.ts';
import { exactName } from '../models/model.ts';
import { ReportedModels } from '../models/reported-models.ts';
import type { Engine } from '../turn/engine.ts';
import type { Config } from '../settings/server-settings.ts';

type ModelServices = Pick<Services, 'resolveModel' | 'listModels' | 'modelsKnown'>;

type ModelSettings = Pick<Config, 'MODEL_MAP' | 'MODEL_UNKNOWN' | 'MODEL_TRACK'>;

export const createModels = (
  { MODEL_MAP: map, MODEL_UNKNOWN: unknown, MODEL_TRACK: track }: ModelSettings,
  engine: Pick<Engine, 'models' | 'reportsAllModels'>,
  { log, clock }: Pick<Services, 'log' | 'clock'>,
): ModelServices => {
  const list = new ReportedModels(engine, { log, clock });
  const resolve = createResolver({ map, unknown, track, reported: () => list.models });
  const noteUnknown = onceEach((name: string, id: string) =>
    log.warn({ name, answeredBy: id }, 'a name that is no known model: MODEL_MAP can say what it means'),
  );
  return {
    resolveModel: (name) => {
      const model = resolve(name);
      if (model.via === 'unknown') noteUnknown(name.slice(0, LONGEST_NAME), exactName(model));
      return model;
    },
    modelsKnown: () => list.known(),
    listModels: async () => {
      await list.asNewAsPossible();
      const { reportsAllModels: reportsAll = false } = engine;
      return listModels({ resolve, reported: list.models, reportsAll, map });
    },
  };
};

/** Names come from callers: they are cut, and no more of them are remembered than this. */
const LONGEST_NAME = 200;
const MOST_NAMES = 1_000;

const onceEach = (note: (name: string, id: string) => void): typeof note => {
  const noted = new Set<string>();
  return (name, id) => {
    if (noted.has(name) || noted.size >= MOST_NAMES) return;
    noted.add(name);
    note(name, id);
  };
};
