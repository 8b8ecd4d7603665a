/**
 * Tells in the log, the first time each, that a parameter of a caller has no effect, and that a name stands for another
 * model: what an answer's headers say every time, for owners who do not read them.
 */
import type { RequestSummary, SummaryListener } from '../../turn/request-summary.ts';
import type { Log } from '../../util/log.ts';

/** Names come from callers: no more of them are remembered, and none is said after that. */
const MOST_SAID = 1_000;

export const saidOnce = (log: Pick<Log, 'info'>): SummaryListener => {
  const said = new Set<string>();
  const say = (what: object, summary: RequestSummary, message: string): void => {
    const key = JSON.stringify([message, what]);
    if (said.has(key) || said.size >= MOST_SAID) return;
    said.add(key);
    const { id, client, key: caller } = summary;
    log.info({ ...what, id, client: client.name, ...(caller !== undefined && { key: caller.name }) }, message);
  };
  return (summary) => {
    const { dialect, ignored = [], modelAsked, model, mapped } = summary;
    for (const parameter of ignored)
      say({ dialect, parameter }, summary, 'a parameter has no effect here; x-proxy-ignored names it in every answer');
    if (mapped === true && modelAsked !== model)
      say({ asked: modelAsked, model }, summary, 'a name stands for another model; x-proxy-model names it every time');
  };
};
