/**
 * Everything that an admin can see and do. The HTTP API of `/admin` and the dashboard both call it, so a page can do
 * nothing that a program cannot.
 */
import type { z } from 'zod';
import type { Headroom } from '../../access/limits/key-limits.ts';
import {
  openWindows,
  paceOf,
  type CoolDown,
  type Pace,
  type PlanState,
  type PlanWindow,
} from '../../access/limits/plan-state.ts';
import type { NamedKey } from '../../access/named-keys.ts';
import type { ListedModel } from '../../models/list.ts';
import type { Block } from '../../store/ledger/blocks.ts';
import type { RequestDetail, RequestPage, Session, Total } from '../../store/ledger/reports.ts';
import type { EngineProcess } from '../../turn/engine.ts';
import { TurnError } from '../../turn/errors.ts';
import { definedOnly } from '../../util/defined-only.ts';
import type { RunningTurn } from '../answer/running-turns.ts';
import { detailedHealth } from '../handlers/health.ts';
import { printable } from '../request/body.ts';
import type { filterQuery, requestsQuery, sessionsQuery, usageQuery } from './query.ts';
import { remediesOf, type Problem } from './remedies.ts';
import { part, stored, type AdminServices } from './services.ts';

/** A key and what it has used of its limits. */
export interface ShownKey extends NamedKey {
  readonly used: readonly Headroom[];
}

export interface ShownWindow extends Pick<PlanWindow, 'status' | 'utilization' | 'resetsAt' | 'seenAt' | 'shares'> {
  readonly window: string;
  readonly pace?: Pace;
}

export interface ShownLimits {
  readonly windows: readonly ShownWindow[];
  readonly coolDowns: readonly (CoolDown & { readonly scope: string })[];
  readonly keys: readonly { readonly id: string; readonly name: string; readonly limits: readonly Headroom[] }[];
}

export interface ShownModels {
  readonly models: readonly ListedModel[];
  readonly aliases: readonly { readonly name: string; readonly model: string }[];
  /** Of MODEL_MAP, with `*`: the names that they match cannot be listed. */
  readonly patterns: readonly { readonly name: string; readonly model: string }[];
}

export interface ShownTurns {
  readonly running: number;
  readonly queued: number;
  readonly turns: readonly RunningTurn[];
}

export type ShownHealth = ReturnType<ReturnType<typeof detailedHealth>> & { readonly problems: readonly Problem[] };

/**
 * Each throws `route_not_found` where the server lacks that part or the thing does not exist, and `store_unavailable`
 * where the database does not answer. `by`: the admin, for the log.
 */
export interface Admin {
  keys(query: { readonly revoked: boolean }): Promise<readonly ShownKey[]>;
  /** Also one that was revoked. */
  key(id: string): Promise<ShownKey>;
  createKey(settings: unknown, by: string | undefined): Promise<{ readonly secret: string; readonly key: ShownKey }>;
  changeKey(id: string, changes: unknown, by: string | undefined): Promise<ShownKey>;
  revokeKey(id: string, by: string | undefined): Promise<void>;
  usage(query: z.output<typeof usageQuery>): Promise<readonly Total[]>;
  sessions(query: z.output<typeof sessionsQuery>): Promise<readonly Session[]>;
  blocks(query: z.output<typeof filterQuery>): Promise<readonly Block[]>;
  requests(query: z.output<typeof requestsQuery>): Promise<RequestPage>;
  request(id: string): Promise<RequestDetail>;
  limits(): Promise<ShownLimits>;
  models(): Promise<ShownModels>;
  turns(): Promise<ShownTurns>;
  /** The engine's processes on this machine. */
  processes(): Promise<readonly EngineProcess[]>;
  cancelTurn(id: string, by: string | undefined): Promise<void>;
  health(): Promise<ShownHealth>;
}

export const createAdmin = (services: AdminServices): Admin => {
  const { engine, listModels, leases, turns, log } = services;
  const health = detailedHealth(services);
  return {
    ...keysOf(services),
    ...reportsOf(services),
    limits: () => shownLimits(services),
    models: async () => {
      const listed = await listModels();
      return {
        models: listed.filter(({ id, resolvesTo }) => id === resolvesTo),
        aliases: listed
          .filter(({ id, resolvesTo }) => id !== resolvesTo)
          .map(({ id, resolvesTo }) => ({ name: id, model: resolvesTo })),
        patterns: Object.entries(services.modelMap ?? {})
          .filter(([name]) => name.includes('*'))
          .map(([name, model]) => ({ name, model })),
      };
    },
    turns: async () => {
      const { held, queued } = leases.stats();
      return { running: held, queued, turns: turns.list() };
    },
    processes: async () => engine.processes?.() ?? [],
    cancelTurn: async (id, by) => {
      if (!turns.cancel(id))
        throw new TurnError('route_not_found', `No turn with the id ${printable(id)} runs on this server.`, {
          param: 'id',
        });
      log.info({ id, by }, 'a turn was ended by an admin');
    },
    health: async () => {
      const now = health();
      const coolDowns = coolDownsOf(await services.limits?.plan.view(), services.clock.now());
      return { ...now, problems: remediesOf({ ...now, coolDowns }) };
    },
  };
};

type Keys = Pick<Admin, 'keys' | 'key' | 'createKey' | 'changeKey' | 'revokeKey'>;

/** Keys: listed with what they have used, made (their secret is shown this once), changed, revoked. */
const keysOf = (services: AdminServices): Keys => {
  const { log, limits } = services;
  const namedKeys = () => part(services.namedKeys);
  const shown = async (key: NamedKey): Promise<ShownKey> => ({
    ...key,
    used: (await limits?.limiter.headroom(key)) ?? [],
  });
  return {
    keys: async ({ revoked }) => Promise.all((await stored(namedKeys().list({ revoked }))).map(shown)),
    key: async (id) => {
      const found = await stored(namedKeys().byId(id));
      if (found.kind === 'unknown') throw noSuchKey(id);
      return shown(found.key);
    },
    createKey: async (settings, by) => {
      const { secret, key } = await stored(namedKeys().create(settings));
      log.info({ key: key.name, role: key.role, by }, 'a key was made');
      return { secret, key: await shown(key) };
    },
    changeKey: async (id, changes, by) => {
      const key = await stored(namedKeys().update(id, changes));
      if (key === undefined) throw noSuchKey(id);
      log.info({ key: key.name, by }, 'a key was changed');
      return shown(key);
    },
    revokeKey: async (id, by) => {
      if (!(await stored(namedKeys().revoke(id)))) throw noSuchKey(id);
      log.info({ id, by }, 'a key was revoked');
    },
  };
};

const noSuchKey = (id: string): TurnError =>
  new TurnError('invalid_request', `There is no key with the id ${printable(id)}.`, { param: 'id' });

type Reports = Pick<Admin, 'usage' | 'sessions' | 'blocks' | 'requests' | 'request'>;

const reportsOf = (services: AdminServices): Reports => {
  const reports = () => part(services.reports);
  return {
    usage: ({ by, period, timeZone, ...filter }) =>
      stored(reports().totals(definedOnly(filter), definedOnly({ by, period, timeZone }))),
    sessions: ({ limit, ...filter }) => stored(reports().sessions(definedOnly(filter), limit)),
    blocks: (filter) => stored(reports().blocks(definedOnly(filter), services.clock.now())),
    requests: ({ limit, cursor, ...filter }) =>
      stored(reports().requests(definedOnly(filter), { limit, ...(cursor !== undefined && { cursor }) })),
    request: async (id) => {
      const found = await stored(reports().request(id));
      if (found === undefined)
        throw new TurnError('route_not_found', `There is no request with the id ${printable(id)}.`, { param: 'id' });
      return found;
    },
  };
};

const coolDownsOf = (state: PlanState | undefined, now: number): ShownLimits['coolDowns'] =>
  Object.entries(state?.coolDowns ?? {})
    .filter(([, { until }]) => until > now)
    .map(([scope, coolDown]) => ({ scope, ...coolDown }));

/** The plan's windows with their pace, how long the account is refused, and what keys have used of their limits. */
const shownLimits = async ({ limits, namedKeys, clock }: AdminServices): Promise<ShownLimits> => {
  const { plan, limiter } = part(limits);
  const now = clock.now();
  const state = await plan.view();
  const windows = openWindows(state, now).map(([window, seen]) => {
    const { status, utilization, resetsAt, seenAt, shares } = seen;
    return { window, ...definedOnly({ utilization, pace: paceOf(seen, now) }), status, resetsAt, seenAt, shares };
  });
  const keys = await stored(part(namedKeys).list());
  return {
    windows,
    coolDowns: coolDownsOf(state, now),
    keys: await Promise.all(
      keys.map(async (key) => ({ id: key.id, name: key.name, limits: await limiter.headroom(key) })),
    ),
  };
};
