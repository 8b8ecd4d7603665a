/** Address and headers of a call: https://docs.anthropic.com/en/api/overview */

export interface Login {
  readonly apiKey?: string;
  readonly authToken?: string;
}

const DEFAULT_BASE_URL = 'https://api.anthropic.com';

/** A base URL with and without `/v1` or a slash at its end means the same. */
export const endpoint = (baseUrl: string = DEFAULT_BASE_URL, path: string): string =>
  baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '') + path;

export const requestHeaders = (
  { apiKey, authToken }: Login,
  betas: readonly string[] = [],
): Record<string, string> => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'anthropic-version': '2023-06-01',
  ...(apiKey !== undefined && { 'x-api-key': apiKey }),
  ...(authToken !== undefined && { authorization: `Bearer ${authToken}` }),
  ...(betas.length > 0 && { 'anthropic-beta': betas.join(',') }),
});
