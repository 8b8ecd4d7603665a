import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coolDownFrom,
  currentCoolDown,
  emptyPlan,
  observe,
  openWindows,
  paceOf,
  planState,
  spend,
  type PlanState,
} from '../../../src/access/limits/plan-state.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;
const reset = noon + 3 * HOUR;

const told = (utilization: number, resetsAt = reset) => ({
  window: 'five_hour',
  status: 'allowed' as const,
  utilization,
  resetsAt,
});

const sharesOf = (state: PlanState) => state.windows['five_hour']?.shares;

/** A plan whose window has been seen at 10 %. */
const seen = observe(emptyPlan, told(0.1), noon);

describe('the share of a key', () => {
  it('is nothing of what was used before anybody looked', () => {
    expect(sharesOf(spend(seen, { a: 1 }, noon))).toEqual({});
  });

  it('is what the utilization rose by, as much as each key spent', () => {
    const state = observe(spend(seen, { a: 3, b: 1 }, noon), told(0.18), noon);
    expect(sharesOf(state)?.['a']).toBeCloseTo(0.06, 10);
    expect(sharesOf(state)?.['b']).toBeCloseTo(0.02, 10);
  });

  it('waits for the next rise where the utilization is told in whole percents', () => {
    const still = observe(spend(seen, { a: 1 }, noon), told(0.1), noon);
    expect(sharesOf(still)).toEqual({});
    const risen = observe(spend(still, { b: 1 }, noon), told(0.12), noon);
    expect(sharesOf(risen)?.['a']).toBeCloseTo(0.01, 10);
    expect(sharesOf(risen)?.['b']).toBeCloseTo(0.01, 10);
  });

  it('has a rise that was told before the turn had ended', () => {
    const early = observe(seen, told(0.15), noon);
    expect(sharesOf(spend(early, { a: 1 }, noon + 30_000))?.['a']).toBeCloseTo(0.05, 10);
    const twice = observe(early, told(0.16), noon + 1_000);
    expect(sharesOf(spend(twice, { a: 1 }, noon + 30_000))?.['a']).toBeCloseTo(0.06, 10);
  });

  it('has no rise of a time when nobody asked through this server', () => {
    const outside = observe(seen, told(0.5), noon);
    expect(sharesOf(spend(outside, { a: 1 }, noon + 5 * 60_000))).toEqual({});
  });

  it('begins anew with the window, where all that is used is new', () => {
    const old = observe(spend(seen, { a: 1 }, noon), told(0.4), noon);
    const later = reset + 60_000;
    const next = observe(spend(old, { b: 1 }, later), told(0.03, reset + 5 * HOUR), later);
    expect(sharesOf(next)).toEqual({ b: 0.03 });
  });

  it('stays where the end of the window is told a second later', () => {
    const state = observe(spend(seen, { a: 1 }, noon), told(0.2, reset + 1_000), noon);
    expect(sharesOf(state)?.['a']).toBeCloseTo(0.1, 10);
  });

  it('stays where the utilization falls', () => {
    const state = observe(spend(seen, { a: 1 }, noon), told(0.2), noon);
    const fallen = observe(spend(state, { a: 1 }, noon), told(0.05), noon);
    expect(sharesOf(fallen)?.['a']).toBeCloseTo(0.1, 10);
    expect(sharesOf(observe(fallen, told(0.1), noon))?.['a']).toBeCloseTo(0.15, 10);
  });

  it('is never more than the rise, whatever is told in whatever order', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ utilization: fc.double({ min: 0, max: 1, noNaN: true }) }),
        fc.record({ key: fc.constantFrom('a', 'b', 'c'), usd: fc.double({ min: 0.001, max: 10, noNaN: true }) }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, fc.nat(90_000), (all, stepMs) => {
        let [state, rises, last, now] = [seen, 0, 0.1, noon];
        for (const step of all) {
          now += stepMs;
          if (now > reset) return;
          if ('key' in step) state = spend(state, { [step.key]: step.usd }, now);
          else {
            rises += Math.max(0, step.utilization - last);
            last = step.utilization;
            state = observe(state, told(step.utilization), now);
          }
        }
        const total = Object.values(sharesOf(state) ?? {}).reduce((sum, share) => sum + share, 0);
        expect(total).toBeLessThanOrEqual(rises + 1e-9);
        expect(planState.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
      }),
    );
  });
});

describe('windows', () => {
  it('are open until they begin anew, and are forgotten an hour later', () => {
    expect(openWindows(seen, reset - 1)).toHaveLength(1);
    expect(openWindows(seen, reset)).toHaveLength(0);
    expect(spend(seen, {}, reset + HOUR - 1).windows).toHaveProperty('five_hour');
    expect(spend(seen, {}, reset + HOUR).windows).toEqual({});
  });

  it('keep what was told last', () => {
    const warned = observe(seen, { ...told(0.9), status: 'allowed_warning' }, noon + 5);
    expect(warned.windows['five_hour']).toMatchObject({
      status: 'allowed_warning',
      utilization: 0.9,
      seenAt: noon + 5,
    });
    const silent = observe(warned, { ...told(0), utilization: undefined }, noon + 6);
    expect(silent.windows['five_hour']).toMatchObject({ utilization: 0.9, seenAt: noon + 6 });
  });
});

describe('the pace', () => {
  const after = (minutes: number, utilization: number, from = seen) =>
    observe(from, told(utilization), noon + minutes * 60_000);
  const paceAfter = (minutes: number, utilization: number) => {
    const window = after(minutes, utilization).windows['five_hour'];
    return window === undefined ? undefined : paceOf(window, noon + minutes * 60_000);
  };

  it('says when the window will be full', () => {
    const pace = paceAfter(30, 0.3);
    expect(pace?.perHour).toBeCloseTo(0.4, 10);
    expect(pace?.fullAt).toBeCloseTo(noon + 30 * 60_000 + 1.75 * HOUR, -1);
  });

  it('says nothing of an end that comes after the window has begun anew', () => {
    expect(paceAfter(30, 0.15)).toEqual({ perHour: expect.closeTo(0.1, 10) as number });
    expect(paceAfter(30, 0.1)).toEqual({ perHour: 0 });
  });

  it('is not known before something has been seen of it', () => {
    expect(paceAfter(0, 0.1)).toBeUndefined();
    expect(paceAfter(1, 0.2)).toBeUndefined();
  });

  it('is of the last hour', () => {
    let state = seen;
    for (let minutes = 0; minutes <= 150; minutes += 10)
      state = after(minutes, minutes < 90 ? 0.1 : 0.1 + (minutes - 90) / 600, state);
    const window = state.windows['five_hour'];
    expect(window?.samples.length).toBeLessThanOrEqual(31);
    expect(window === undefined ? undefined : paceOf(window, noon + 150 * 60_000)?.perHour).toBeCloseTo(0.1, 1);
  });
});

describe('a cool-down', () => {
  it('is of one family, or of all', () => {
    const opus = coolDownFrom(emptyPlan, 'opus', { until: noon + 10, resetsAt: noon + 99 });
    expect(currentCoolDown(opus, 'opus', noon)).toEqual({ until: noon + 10, resetsAt: noon + 99 });
    expect(currentCoolDown(opus, 'haiku', noon)).toBeUndefined();
    expect(currentCoolDown(opus, 'opus', noon + 10)).toBeUndefined();
    const all = coolDownFrom(emptyPlan, 'all', { until: noon + 10, resetsAt: noon + 99 });
    expect(currentCoolDown(all, 'haiku', noon)?.resetsAt).toBe(noon + 99);
  });

  it('is not cut short by another refusal', () => {
    const long = coolDownFrom(emptyPlan, 'all', { until: noon + 60, resetsAt: noon + 60 });
    expect(
      currentCoolDown(coolDownFrom(long, 'all', { until: noon + 5, resetsAt: noon + 5 }), 'opus', noon)?.until,
    ).toBe(noon + 60);
  });
});
