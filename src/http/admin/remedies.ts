/** What is wrong with a server, and what its owner can do about it. */
import type { AlertsHealth } from '../../access/alerts/alerts.ts';
import type { RecorderHealth } from '../../store/ledger/recorder.ts';

export interface Problem {
  readonly problem: string;
  readonly remedy: string;
}

export interface Shown {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly reason?: string;
  readonly requests: { readonly running: number; readonly queued: number };
  readonly ledger?: RecorderHealth;
  readonly alerts?: AlertsHealth;
  /** How long the account is refused, by model family or `all`; times in milliseconds since the Unix epoch. */
  readonly coolDowns?: readonly { readonly scope: string; readonly resetsAt: number }[];
}

export const remediesOf = ({ status, reason, requests, ledger, alerts, coolDowns = [] }: Shown): readonly Problem[] => [
  ...(status === 'ok' || reason === undefined ? [] : [{ problem: reason, remedy: STATUS_REMEDIES[status] }]),
  ...coolDowns.map(({ scope, resetsAt }) => ({
    problem:
      `The account has reached a limit of Claude${scope === 'all' ? '' : ` for the family ${scope}`}, which opens ` +
      `again at ${new Date(resetsAt).toISOString()}.`,
    remedy:
      `Until then requests get 429.${scope === 'all' ? '' : ' Other model families are answered.'} A larger plan, ` +
      `extra usage, or a server with ENGINE=anthropic-api and an API key goes on.`,
  })),
  ...(requests.queued === 0
    ? []
    : [
        {
          problem: `${requests.queued} requests wait for a place; ${requests.running} run.`,
          remedy: 'If this lasts, raise MAX_CONCURRENCY, or give keys the limit turnsAtOnce.',
        },
      ]),
  ...(ledger === undefined || ledger.ok
    ? []
    : [
        {
          problem: ledger.reason ?? 'The ledger cannot be written.',
          remedy:
            'Requests go on. See that the disk of STATE_DIR has room, or that the database of DATABASE_URL answers.',
        },
      ]),
  ...((ledger?.dropped ?? 0) === 0
    ? []
    : [
        {
          problem: `${ledger?.dropped} rows of the ledger were lost since the start.`,
          remedy: 'The database was gone for too long; usage of that time is too low.',
        },
      ]),
  ...(alerts === undefined || alerts.ok
    ? []
    : [
        {
          problem: alerts.reason ?? 'The webhook of alerts cannot be called.',
          remedy: 'It is called again, ever more slowly. See that ALERT_WEBHOOK is right and answers.',
        },
      ]),
];

const STATUS_REMEDIES = {
  degraded: 'The last turns failed for a reason that meets all of them: opencode-claude-proxy doctor checks the login.',
  unavailable: 'No turn can run: opencode-claude-proxy doctor says what is missing, and the log has the details.',
};
