/** The part of `fetch` that the engine uses. */

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** A redirect would carry the key to another host. */
  readonly redirect: 'manual';
}

export interface UpstreamReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: Headers;
  readonly body: { getReader(): UpstreamReader; cancel(): Promise<void> } | null;
  json(): Promise<unknown>;
}

/** Rejects where no connection can be made; the system's code is in `code`, or in that of its cause. */
export type UpstreamFetch = (url: string, request: UpstreamRequest) => Promise<UpstreamResponse>;
