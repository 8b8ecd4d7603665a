/** A client that behaves as a browser does towards forms and cookies, without running scripts. */
import { expect } from 'vitest';
import { startKeyed } from '../node/keyed-server.ts';

export interface Seen {
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
}

type Given = Parameters<typeof startKeyed>[0];

export const openDashboard = async (given: Given = {}) => {
  const keyed = await startKeyed(given);
  const { url } = keyed.server;
  let cookie = '';
  const visit = async (path: string, init: RequestInit = {}): Promise<Seen> => {
    const response = await fetch(`${url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { accept: 'text/html', cookie, ...(init.headers as Record<string, string>) },
    });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(';')[0] ?? '';
    return { status: response.status, html: await response.text(), headers: response.headers };
  };
  const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    visit(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: url, ...headers } });
  const login = async (key = 'owner-key'): Promise<Seen> => {
    const seen = await submit('/dashboard/login', { key, next: '/dashboard' });
    expect(seen.status).toBe(303);
    return seen;
  };
  return { ...keyed, url, visit, submit, login, cookie: () => cookie };
};
