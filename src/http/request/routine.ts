/** What programs and pages ask again and again to see how the server is. It would bury what people ask. */
import type { RequestSummary } from '../../turn/request-summary.ts';

const PROBES: ReadonlySet<string> = new Set(['GET /ping', 'GET /live', 'GET /ready', 'GET /health', 'GET /metrics']);

/** Pages show what the ledger says of others, not themselves. */
export const isOutsideLedger = (summary: Pick<RequestSummary, 'endpoint' | 'status'>): boolean =>
  isRoutine(summary) || PAGE.test(summary.endpoint);

/**
 * Only while it succeeds: a failure is news. What is read over `/admin` counts: `logs -f` would show its own questions.
 */
export const isRoutine = ({ endpoint, status }: Pick<RequestSummary, 'endpoint' | 'status'>): boolean =>
  status < 400 && (PROBES.has(endpoint) || /^GET \/(?:admin|dashboard)(?:\/|$)/u.test(endpoint));

const PAGE = /^[A-Z]+ \/dashboard(?:\/|$)/u;
