/**
 * Says in the log, once, that a client's parameter has no effect: answers say it every time, and few people read
 * headers.
 */
import type { SummaryListener } from '../../turn/request-summary.ts';
import type { Log } from '../../util/log.ts';

/** Clients choose their names: so many pairs of a client and a parameter are remembered. */
const MOST_NOTICES = 1_000;

export const noteIgnored = (log: Pick<Log, 'info'>): SummaryListener => {
  const noted = new Set<string>();
  return ({ id, dialect, client, ignored = [] }) => {
    const fresh = ignored.filter((parameter) => {
      const key = JSON.stringify([dialect, client.name, parameter]);
      if (noted.has(key) || noted.size >= MOST_NOTICES) return false;
      noted.add(key);
      return true;
    });
    if (fresh.length === 0) return;
    const fields = { id, dialect, ...(client.name !== undefined && { client: client.name }), parameters: fresh };
    log.info(fields, 'a client sends parameters that have no effect; docs/COMPATIBILITY.md says why');
  };
};
