/** Names and models of this server: the resolver and the list, over what the engine reports. */
import type { Services } from '../http/services.ts';
import { listModels } from '../models/list.ts';
import { createResolver } from '../models/resolve.ts';
import type { Engine, EngineModel } from '../turn/engine.ts';
import type { Config } from '../settings/server-settings.ts';

/** How long the first requests wait for the engine's list; after that they are resolved without it. */
const patienceMs = 5_000;

type ModelServices = Pick<Services, 'resolveModel' | 'listModels' | 'modelsKnown'>;

export const createModels = (
  {
    MODEL_MAP: map,
    MODEL_UNKNOWN: unknown,
    MODEL_TRACK: track,
  }: Pick<Config, 'MODEL_MAP' | 'MODEL_UNKNOWN' | 'MODEL_TRACK'>,
  engine: Pick<Engine, 'models'>,
  { log, clock }: Pick<Services, 'log' | 'clock'>,
): ModelServices => {
  let reported: readonly EngineModel[] = [];
  let first: Promise<void> | undefined;
  const resolveModel = createResolver({ map, unknown, track, reported: () => reported });
  const ask = async (): Promise<void> => {
    try {
      reported = await engine.models();
    } catch (error) {
      log.warn({ err: error }, 'the engine does not tell its models; only the built-in names are known');
    }
  };
  const atMost = (work: Promise<void>): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(patienceMs, resolve);
    return Promise.race([work.finally(cancel), promise]);
  };
  return {
    resolveModel,
    modelsKnown: () => (first ??= atMost(ask())),
    listModels: async () => {
      await atMost(ask());
      return listModels({ resolve: resolveModel, reported, map });
    },
  };
};
