/** Reads from the platform's messages why a container cannot be used, and makes the error for the caller. */
import { TurnError } from '../../turn/errors.ts';

export type DownReason =
  | 'starting'
  | 'stopped'
  | 'crashed'
  /** `max_instances` are running, or the image is still being distributed after a deployment. */
  | 'no_instance'
  /** The account asks for more starts per second than it may. */
  | 'start_rate'
  /** The instance has never run: after a first deployment that takes minutes. */
  | 'provisioning';

/** The program cannot be started. */
export class DownError extends Error {
  readonly reason: DownReason;

  constructor(reason: DownReason) {
    super(`the container is down: ${reason}`);
    this.reason = reason;
  }
}

/**
 * What `monitor()` rejects with, in small letters. The first and the last are those that `@cloudflare/containers` 0.3.7
 * looks for; the second is what the platform answers today when `max_instances` run.
 */
const WORDS: readonly (readonly [words: string, reason: DownReason])[] = [
  ['no container instance', 'no_instance'],
  ['maximum number of running container instances', 'no_instance'],
  ['too many containers per second', 'start_rate'],
];

export const downReason = (error: unknown): DownReason => {
  const text = String(error instanceof Error ? error.message : error).toLowerCase();
  return WORDS.find(([words]) => text.includes(words))?.[1] ?? 'crashed';
};

const TEXTS: Readonly<Record<DownReason, { readonly message: string; readonly retryAfterSeconds: number }>> = {
  starting: { message: 'The container is starting; ask again in a few seconds.', retryAfterSeconds: 5 },
  stopped: { message: 'The container is being replaced; ask again in a few seconds.', retryAfterSeconds: 5 },
  crashed: {
    message: 'The container ends right after its start; its log (npm run tail) has the reason.',
    retryAfterSeconds: 30,
  },
  no_instance: {
    message: 'No container instance is free: max_instances are running, or a deployment is still being rolled out.',
    retryAfterSeconds: 15,
  },
  start_rate: { message: 'Too many containers are being started at once.', retryAfterSeconds: 10 },
  provisioning: {
    message:
      'The platform is still provisioning the first containers; after a first deployment this takes some minutes.',
    retryAfterSeconds: 30,
  },
};

export const downTurnError = (reason: DownReason): TurnError =>
  new TurnError('engine_unavailable', TEXTS[reason].message, { retryAfterSeconds: TEXTS[reason].retryAfterSeconds });
