/** One JSON line per event, for `npm run tail` and Workers Logs. Never a key, never a body. */
import type { Log } from '../util/log.ts';

export const logEvent = (event: string, fields: object): void => {
  // oxlint-disable-next-line no-console -- a Worker's log is its console
  console.log(JSON.stringify({ event, ...fields }));
};

const as =
  (level: string) =>
  (fields: object, message: string): void =>
    logEvent(message, { level, ...fields, ...errorOf(fields) });

/** The log of the server's middlewares; debug lines are left out. */
export const workerLog: Log = { debug: () => {}, info: as('info'), warn: as('warn'), error: as('error') };

// An Error has no fields of its own that JSON would show.
const errorOf = (fields: object): object => ('err' in fields ? { err: String(fields.err) } : {});
