/** Names and models of this server: the resolver and the list, over what the engine reports and what has ended. */
import type { Services } from '../http/services.ts';
import { CATALOG } from '../models/catalog.ts';
import { EndedModels, nearEnd } from '../models/ends.ts';
import { listModels } from '../models/list.ts';
import { exactName } from '../models/model.ts';
import { ReportedModels } from '../models/reported-models.ts';
import { createResolver, PINNED } from '../models/resolve.ts';
import type { Engine } from '../turn/engine.ts';
import type { Config } from '../settings/server-settings.ts';

type ModelServices = Pick<Services, 'resolveModel' | 'modelNotFound' | 'listModels' | 'modelsKnown' | 'modelMap'>;

type ModelSettings = Pick<Config, 'MODEL_MAP' | 'MODEL_UNKNOWN' | 'MODEL_TRACK'>;

export const createModels = (
  { MODEL_MAP: map, MODEL_UNKNOWN: unknown, MODEL_TRACK: track }: ModelSettings,
  engine: Pick<Engine, 'models' | 'reportsAllModels'>,
  { log, clock }: Pick<Services, 'log' | 'clock'>,
): ModelServices => {
  const list = new ReportedModels(engine, { log, clock });
  const endedModels = new EndedModels(clock);
  const ended = (id: string): boolean => endedModels.has(id);
  const resolve = createResolver({ map, unknown, track, reported: () => list.models, ended });
  const warnOfName = onceEach((message, fields) => log.warn(fields, message));
  const warnOfEnd = onceEach((message, fields) => log.warn(fields, message));
  let nextLookAt = 0;
  const warnOfEnds = (): void => {
    if (clock.now() < nextLookAt) return;
    nextLookAt = clock.now() + LOOK_FOR_ENDS_EVERY_MS;
    for (const warning of endWarnings({ track, map }, clock.now())) warnOfEnd(warning, {});
  };
  warnOfEnds();
  return {
    modelMap: map,
    resolveModel: (name) => {
      const model = resolve(name);
      if (model.via === 'unknown')
        warnOfName('a name that is no known model: MODEL_MAP can say what it means', {
          name: name.slice(0, LONGEST_NAME),
          answeredBy: exactName(model),
        });
      return model;
    },
    modelNotFound: ({ requested, id }) => {
      if (![...CATALOG, ...list.models].some((one) => one.id === id)) return false;
      endedModels.notFound(id);
      const { id: instead } = resolve(requested);
      if (instead === id) return false;
      warnOfEnd('the API does not have this model (any more); names mapped to it are answered by another', {
        model: id,
        answeredBy: instead,
      });
      return true;
    },
    modelsKnown: async () => {
      await list.known();
      warnOfEnds();
    },
    listModels: async () => {
      await list.asNewAsPossible();
      const { reportsAllModels: reportsAll = false } = engine;
      return listModels({ resolve, reported: list.models, reportsAll, ended, map });
    },
  };
};

interface Mapped {
  readonly track: Config['MODEL_TRACK'];
  readonly map: Config['MODEL_MAP'];
}

const endWarnings = ({ track, map }: Mapped, nowMs: number): readonly string[] => {
  const pinned = track === 'latest' ? [] : Object.values(PINNED);
  const after =
    track === 'auto' ? 'the newest model of its family answers' : 'requests for it fail (MODEL_TRACK=pinned)';
  return [
    ...pinned.flatMap((id) => endWarning(`names that are mapped to ${id}`, { id, nowMs, after })),
    ...Object.values(map).flatMap((id) =>
      endWarning(`MODEL_MAP names ${id}`, { id, nowMs, after: 'requests for it fail' }),
    ),
  ];
};

const endWarning = (
  what: string,
  { id, nowMs, after }: { id: string; nowMs: number; after: string },
): readonly string[] => {
  const end = nearEnd(id, nowMs);
  if (end === undefined) return [];
  return [
    `${what}: ${end.past ? `it has ended on ${end.day} and` : `it ends on ${end.day}; from that day on`} ${after}`,
  ];
};

/** Models end on a day, and the list of them is long. */
const LOOK_FOR_ENDS_EVERY_MS = 3_600_000;
/** Names come from callers: they are cut, and no more of them are remembered than this. */
const LONGEST_NAME = 200;
const MOST_WARNINGS = 1_000;

type Note = (message: string, fields: object) => void;

const onceEach = (note: Note): Note => {
  const noted = new Set<string>();
  return (message, fields) => {
    const key = `${message} ${JSON.stringify(fields)}`;
    if (noted.has(key) || noted.size >= MOST_WARNINGS) return;
    noted.add(key);
    note(message, fields);
  };
};
