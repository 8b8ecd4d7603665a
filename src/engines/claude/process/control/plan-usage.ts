/**
 * What Claude Code answers when it is asked for the usage of the plan. The request is experimental and may vanish, so
 * only what is used is read, and anything else turns it off. Pure.
 */
import { z } from 'zod';
import type { RateLimit } from '../../../../turn/events.ts';
import type { ControlReply } from './control-channel.ts';

/**
 * The terminal's `/usage`. Nothing is read from disk for it, and `detached` lets a turn that comes meanwhile go ahead
 * of the answer, which can take seconds.
 */
export const USAGE_REQUEST = { subtype: 'get_usage', skip_behaviors: true, detached: true } as const;

export type UsageReading =
  | { readonly kind: 'windows'; readonly windows: readonly UsageWindow[] }
  /** It will not tell, however often it is asked. */
  | { readonly kind: 'off'; readonly reason: string };

export type UsageWindow = Required<Omit<RateLimit, 'status'>>;

const used = z.object({ utilization: z.number().nullable(), resets_at: z.string().nullable() });
const window = used.nullish();

const usageAnswer = z.object({
  rate_limits_available: z.boolean(),
  rate_limits: z
    .object({
      five_hour: window,
      seven_day: window,
      seven_day_opus: window,
      seven_day_sonnet: window,
      seven_day_oauth_apps: window,
      model_scoped: z.array(used.extend({ display_name: z.string() })).optional(),
      extra_usage: z.object({ is_enabled: z.boolean(), utilization: z.number().nullable() }).nullish(),
    })
    .nullable(),
});

type Limits = NonNullable<z.output<typeof usageAnswer>['rate_limits']>;

/** `now`: milliseconds since 1970. */
export const readUsage = (reply: ControlReply, now: number): UsageReading => {
  if (!reply.ok) return { kind: 'off', reason: reply.code };
  const answer = usageAnswer.safeParse(reply.response);
  if (!answer.success) return { kind: 'off', reason: 'an answer of an unknown form' };
  const { rate_limits_available: available, rate_limits: limits } = answer.data;
  if (!available) return { kind: 'off', reason: 'this login does not show its plan' };
  return { kind: 'windows', windows: limits === null ? [] : windowsOf(limits, now) };
};

/** Windows without a use or an end have not begun. */
const windowsOf = ({ extra_usage: extra, model_scoped: models = [], ...limits }: Limits, now: number): UsageWindow[] =>
  [
    ...(['five_hour', 'seven_day', 'seven_day_opus', 'seven_day_sonnet', 'seven_day_oauth_apps'] as const).map((name) =>
      dated(name, limits[name]),
    ),
    ...models.flatMap((each) => {
      const name = modelWindow(each.display_name);
      // The plan's own window of a model is the one that answers report.
      return name === undefined || limits[name as keyof typeof limits] ? [] : [dated(name, each)];
    }),
    ...(extra?.is_enabled === true ? [windowOf('extra_usage', extra.utilization, nextMonth(now))] : []),
  ].filter((each) => each !== undefined);

const dated = (name: string, seen: z.output<typeof window>): UsageWindow | undefined =>
  seen?.resets_at ? windowOf(name, seen.utilization, Date.parse(seen.resets_at)) : undefined;

const windowOf = (window: string, percent: number | null, resetsAtMs: number): UsageWindow | undefined =>
  percent === null || Number.isNaN(resetsAtMs)
    ? undefined
    : { window, utilization: percent / 100, resetsAt: Math.round(resetsAtMs / 1000) };

/** `Fable` → `seven_day_fable`, as answers name the windows of models. */
const modelWindow = (displayName: string): string | undefined => {
  const name = displayName.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '_');
  return /[a-z0-9]/u.test(name) && name.length <= 40 ? `seven_day_${name.replaceAll(/^_|_$/gu, '')}` : undefined;
};

/** Extra usage is limited by the month; the answer does not say when that ends. */
const nextMonth = (now: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
};
