/**
 * Requests of Claude Code's own control protocol for which the Agent SDK has no method. They are lines on the child's
 * stdin, beside those of the SDK, which ignores responses with ids that it does not know.
 */
import { randomUUID } from 'node:crypto';

export type ControlReply =
  | { readonly ok: true; readonly response: Readonly<Record<string, unknown>> }
  /** `code`: `unsupported_request` where the CLI does not know the request. */
  | { readonly ok: false; readonly code: string };

/** A `control_response` line, as far as it is read. */
export interface ControlResponse {
  readonly type: 'control_response';
  readonly response: {
    readonly request_id: string;
    readonly subtype: 'success' | 'error';
    readonly response?: Readonly<Record<string, unknown>>;
    readonly error?: string;
    readonly error_code?: string;
  };
}

export class ControlChannel {
  readonly #write: (line: string) => void;
  readonly #waiting = new Map<string, (reply: ControlReply) => void>();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Resolves with the answer; never where the process ends first, which the caller has to watch. */
  request(request: { readonly subtype: string; readonly [member: string]: unknown }): Promise<ControlReply> {
    const { promise, resolve } = Promise.withResolvers<ControlReply>();
    const id = `own-${randomUUID()}`;
    this.#waiting.set(id, resolve);
    this.#write(`${JSON.stringify({ type: 'control_request', request_id: id, request })}\n`);
    return promise;
  }

  /** Takes a response off the child's output; those of the SDK's requests are left to it. */
  take({ response: { request_id, subtype, response = {}, error_code, error } }: ControlResponse): void {
    const answer = this.#waiting.get(request_id);
    this.#waiting.delete(request_id);
    answer?.(subtype === 'success' ? { ok: true, response } : { ok: false, code: error_code ?? error ?? 'unknown' });
  }
}
