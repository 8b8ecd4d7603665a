import type { AnswerTimes } from '../dialect.ts';

/** What the renderer must know of a request. */
export interface OllamaAnswer {
  readonly endpoint: 'chat' | 'generate';
  /** The whole answer must be JSON: the API enforces a schema. */
  readonly json: boolean;
  /** The time, for `created_at`. */
  readonly now: () => number;
  readonly times: () => AnswerTimes;
}
