/**
 * What each way of serving a request costs on two quiet cores, in milliseconds of waiting (`npm run bench --
 * strategies`).
 * Only their proportions decide anything.
 */
export const COST = {
  /** To cut a conversation, whatever its length. */
  rewind: 3,
  /** To stop a turn whose calls wait, before it can be cut. */
  interrupt: 25,
  /** One message, written to a process without a request. */
  append: 1.5,
  /** A process that is started, initialised and asked for the first time. */
  start: 390,
  /** A process that reads a transcript at its start. */
  resume: 600,
  /** More than any other way costs: a message that an append would alter. */
  altered: 100_000,
} as const;

/** A conversation that is cut off or displaced has to be appended again, if it comes back, which one in two does. */
export const COMES_BACK = 0.5;

/**
 * Whose conversation has to go first: one of a single turn, which seldom comes back; one that was left alone; one whose
 * calls wait. Between equals the least recently used.
 */
export const DISPLACED = { nothing: 0, singleTurn: 1, idle: 2, suspended: 500 } as const;

/** Kept for requests without a system prompt, which no other process can serve. */
export const WITHOUT_PROMPT = 0.5;
