/** What the engine needs of an HTTP client: a part of `fetch`, so that `fetch` is one. */

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

/** Rejects where no connection can be had, with the system's word for why in `code`, or in that of its cause. */
export type UpstreamFetch = (url: string, request: UpstreamRequest) => Promise<UpstreamResponse>;
