/** An alert as a sentence, and as the body of a webhook. */
import { definedOnly } from '../../util/defined-only.ts';
import type { Alert } from './due-alerts.ts';

export type AlertFormat = 'json' | 'slack';

/** The names in it are the owner's own; figures are rounded as people read them. */
export const alertText = ({ kind, limit, key, threshold, used, allowed, resetsAt, fullAt }: Alert): string => {
  const share = percent(used / allowed);
  const what = {
    plan_window: `${share} of the plan's ${limit} window is used`,
    key_budget: `The key ${key?.name} has used ${share} of its limit ${limit} (${amount(used)} of ${amount(allowed)})`,
    key_share:
      `The key ${key?.name} has used ${share} of its part of the plan's ${limit.replace('planShare.', '')} window ` +
      `(${percent(used)} of the window, of ${percent(allowed)})`,
  }[kind];
  const pace = fullAt === undefined ? '' : `; at the pace of the last hour it is full at ${shortTime(fullAt)}`;
  return `${what}, which is past ${percent(threshold)}. It begins anew at ${shortTime(resetsAt)}${pace}.`;
};

export const alertBody = (alert: Alert, format: AlertFormat): string => {
  const text = alertText(alert);
  if (format === 'slack') return JSON.stringify({ text: escapedForSlack(text) });
  const { kind, limit, key, threshold, used, allowed, resetsAt, fullAt } = alert;
  return JSON.stringify({
    type: 'usage_alert',
    kind,
    limit,
    ...definedOnly({ key: key?.name }),
    threshold,
    used,
    allowed,
    resetsAt: new Date(resetsAt).toISOString(),
    ...(fullAt !== undefined && { fullAt: new Date(fullAt).toISOString() }),
    text,
  });
};

/** Slack's own addresses take nothing else. */
export const formatFor = (address: URL): AlertFormat =>
  /(^|\.)slack(-gov)?\.com$/u.test(address.hostname) ? 'slack' : 'json';

/** A name must not become a mention or a link: https://docs.slack.dev/messaging/formatting-message-text */
const escapedForSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const percent = (share: number): string => `${Math.floor(share * 1000 + 1e-6) / 10} %`;

const amount = (value: number): string => String(Math.round(value * 100) / 100);

const shortTime = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
