/** Checks of the models that names are mapped to: each has a day on which Anthropic ends it. */
import { HAIKU_4_5, OPUS_4_5, SONNET_4_5 } from '../../models/catalog.ts';
import { nearEnd } from '../../models/ends.ts';
import type { Config } from '../../settings/server-settings.ts';
import { note, ok, warning, type Finding } from './finding.ts';

export const NOTICE_DAYS = 60;

export const checkModels = (
  { MODEL_MAP, MODEL_TRACK }: Pick<Config, 'MODEL_MAP' | 'MODEL_TRACK'>,
  now: number,
): readonly Finding[] => {
  const own = [...new Set(Object.values(MODEL_MAP))].flatMap((id) => {
    const end = nearEnd(id, now, NOTICE_DAYS);
    if (end === undefined) return [];
    return [
      warning('models', `MODEL_MAP leads to ${id}, which ${endsOn(end)}.`, 'name another, or its family: sonnet'),
    ];
  });
  const found = [...own, ...(MODEL_TRACK === 'latest' ? [] : builtIn(MODEL_TRACK, now))];
  if (found.length > 0) return found;
  return [ok('models', `No model that names are mapped to ends within ${NOTICE_DAYS} days`)];
};

const builtIn = (track: 'auto' | 'pinned', now: number): readonly Finding[] =>
  [SONNET_4_5, OPUS_4_5, HAIKU_4_5].flatMap((id) => {
    const end = nearEnd(id, now, NOTICE_DAYS);
    if (end === undefined) return [];
    if (track === 'pinned')
      return [warning('models', `Names are mapped to ${id}, which ${endsOn(end)}.`, 'MODEL_TRACK=auto')];
    const until = end.past ? `${id} has ended` : `${id} answers mapped names until ${end.day}`;
    return [note('models', `${until}; from then on it is the newest of its family.`, 'MODEL_TRACK=latest at once')];
  });

const endsOn = ({ day, past }: { day: string; past: boolean }): string => (past ? `ended on ${day}` : `ends on ${day}`);
