import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertBody, alertText, formatFor } from '../../../src/access/alerts/alert-body.ts';
import {
  alertState,
  claimAlerts,
  noteAttempt,
  type Alert,
  type AlertState,
  type Measure,
} from '../../../src/access/alerts/due-alerts.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;

const window = (used: number, more: Partial<Measure> = {}): Measure => ({
  kind: 'plan_window',
  limit: 'five_hour',
  used,
  allowed: 1,
  resetsAt: NOW + HOUR,
  ...more,
});
const budget = (used: number, more: Partial<Measure> = {}): Measure => ({
  kind: 'key_budget',
  limit: 'usdPerDay',
  key: { id: 'key_1', name: 'team' },
  used,
  allowed: 5,
  resetsAt: NOW + 12 * HOUR,
  ...more,
});

const log = { now: NOW, sendingUntil: undefined };
const hook = { now: NOW, sendingUntil: NOW + 30_000 };

/** The thresholds that each of these looks tells of. */
const told = (...looks: readonly (readonly Measure[])[]): readonly (readonly number[])[] => {
  let state: AlertState = {};
  return looks.map((measures) => {
    const claim = claimAlerts(state, measures, log);
    state = claim.state;
    return claim.due.map(({ threshold }) => threshold);
  });
};

describe('an alert', () => {
  it.each([
    ['not before 80 %', [[window(0.79)]], [[]]],
    [
      'at 80 % and at 95 %, once each',
      [[window(0.8)], [window(0.9)], [window(0.95)], [window(1.2)]],
      [[0.8], [], [0.95], []],
    ],
    ['once where both are passed in one step', [[window(0.97)], [window(0.99)]], [[0.95], []]],
    ['not again where the figure falls and rises', [[window(0.85)], [window(0.5)], [window(0.85)]], [[0.8], [], []]],
    ['again in the next window', [[window(0.85)], [window(0.85, { resetsAt: NOW + 6 * HOUR })]], [[0.8], [0.8]]],
    ['not again for a second more', [[window(0.85)], [window(0.85, { resetsAt: NOW + HOUR + 1_000 })]], [[0.8], []]],
    [
      'for each limit by itself',
      [
        [window(0.85), budget(4.9)],
        [window(0.85), budget(4.9)],
      ],
      [[0.8, 0.95], []],
    ],
    ['for each key by itself', [[budget(4), budget(4, { key: { id: 'key_2', name: 'b' } })]], [[0.8, 0.8]]],
    ['again after the budget was raised', [[budget(4)], [budget(8, { allowed: 10 })]], [[0.8], [0.8]]],
    ['not for a window that has passed', [[window(0.9, { resetsAt: NOW })]], [[]]],
  ] as const)('is told %s', (_name, looks, expected) => {
    expect(told(...looks)).toEqual(expected);
  });

  it('is claimed by one, taken over where that one has ended, and done once it is sent', () => {
    const first = claimAlerts({}, [window(0.85)], hook);
    expect(first.due).toMatchObject([{ threshold: 0.8, first: true }]);
    expect(claimAlerts(first.state, [window(0.85)], hook).due).toEqual([]);
    const later = { now: NOW + 30_000, sendingUntil: NOW + 60_000 };
    const second = claimAlerts(first.state, [window(0.85)], later);
    expect(second.due).toMatchObject([{ threshold: 0.8, first: false }]);
    const [alert] = second.due as readonly [Alert];
    const sent = noteAttempt(second.state, alert, undefined);
    expect(claimAlerts(sent, [window(0.85)], { ...later, now: NOW + HOUR / 2 }).due).toEqual([]);
    // The note of one that was overtaken changes nothing.
    expect(noteAttempt(sent, { ...alert, threshold: 0.95 }, NOW)).toBe(sent);
  });

  it('is never told twice, whatever the figures do, and its state stays small', () => {
    const figures = fc.array(fc.tuple(fc.double({ min: 0, max: 2, noNaN: true }), fc.nat({ max: 200 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(figures, (steps) => {
        let state: AlertState = {};
        let now = NOW;
        const seen = new Set<string>();
        for (const [used, minutes] of steps) {
          now += minutes * 60_000;
          const resetsAt = Math.ceil((now + 1) / (5 * HOUR)) * 5 * HOUR;
          const { state: next, due } = claimAlerts(state, [window(used, { resetsAt })], { ...log, now });
          state = alertState.parse(JSON.parse(JSON.stringify(next)));
          for (const { threshold } of due) {
            expect(used).toBeGreaterThanOrEqual(threshold);
            expect(seen).not.toContain(`${resetsAt} ${threshold}`);
            seen.add(`${resetsAt} ${threshold}`);
          }
        }
        expect(Object.keys(state).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

const alertOf = (measure: Measure, threshold = 0.8): Alert => ({ ...measure, threshold, first: true });

describe('what is said', () => {
  it('is a sentence', () => {
    expect(alertText(alertOf(window(0.834, { fullAt: NOW + HOUR / 2 })))).toBe(
      "83.4 % of the plan's five_hour window is used, which is past 80 %. It begins anew at 2026-11-24 13:00 UTC; " +
        'at the pace of the last hour it is full at 2026-11-24 12:30 UTC.',
    );
    expect(alertText(alertOf(budget(4.801), 0.95))).toBe(
      'The key team has used 96 % of its limit usdPerDay (4.8 of 5), which is past 95 %. ' +
        'It begins anew at 2026-11-25 00:00 UTC.',
    );
    const share = budget(0.27, { kind: 'key_share', limit: 'planShare.five_hour', allowed: 0.3 });
    expect(alertText(alertOf(share))).toContain(
      "The key team has used 90 % of its part of the plan's five_hour window (27 % of the window, of 30 %), which is",
    );
  });

  it('is JSON with all figures, or what Slack takes', () => {
    const alert = alertOf(budget(4.5, { key: { id: 'key_1', name: '<!channel> & co' } }));
    expect(JSON.parse(alertBody(alert, 'json'))).toEqual({
      type: 'usage_alert',
      kind: 'key_budget',
      limit: 'usdPerDay',
      key: '<!channel> & co',
      threshold: 0.8,
      used: 4.5,
      allowed: 5,
      resetsAt: '2026-11-25T00:00:00.000Z',
      text: alertText(alert),
    });
    const slack = JSON.parse(alertBody(alert, 'slack')) as { text: string };
    expect(Object.keys(slack)).toEqual(['text']);
    expect(slack.text).toContain('The key &lt;!channel&gt; &amp; co has used 90 %');
  });

  it.each([
    ['https://hooks.slack.com/services/T/B/x', 'slack'],
    ['https://hooks.slack-gov.com/services/T/B/x', 'slack'],
    ['https://example.org/hooks.slack.com', 'json'],
    ['https://notslack.com/x', 'json'],
  ])('goes to %s as %s', (address, format) => {
    expect(formatFor(new URL(address))).toBe(format);
  });
});
