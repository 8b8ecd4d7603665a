/**
 * Protection against web pages. The server spends its owner's money and listens where every page in the
 * owner's browser can reach it, so a request that a page sent is refused unless its origin is configured.
 */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { TurnError } from '../../turn/errors.ts';
import { printable } from './body.ts';
import type { HttpSettings } from '../services.ts';

type GuardSettings = Pick<HttpSettings, 'corsOrigins' | 'checkHost' | 'allowedHosts'>;

/** Refuses foreign origins and, where it is needed, foreign hosts: `forbidden`. */
export const browserGuard =
  (settings: GuardSettings): MiddlewareHandler =>
  async (c, next) => {
    const refusal = refusalOf(senderOf(c.req.raw.headers), settings);
    if (refusal !== undefined) throw new TurnError('forbidden', refusal);
    await next();
  };

/** Answers preflights and names the allowed origin; to be used behind the guard. */
export const corsHeaders = ({ corsOrigins }: GuardSettings): MiddlewareHandler => {
  const answerPage = cors({
    origin: (origin) => (origin !== '' && originAllowed(origin, corsOrigins) ? origin : null),
    allowMethods: ['GET', 'HEAD', 'POST'],
    exposeHeaders: [...ALWAYS_SHOWN],
    maxAge: 600,
  });
  // Other programs than browsers send no origin, and need none of it.
  return async (c, next) => {
    if (c.req.header('origin') === undefined) return next();
    const preflight = await answerPage(c, next);
    if (preflight !== undefined) return preflight;
    // The upstream names its limits as it likes, so they are shown by what the answer has.
    const limits = [...c.res.headers.keys()].filter((name) => /^(?:anthropic|x)-ratelimit-/u.test(name));
    if (limits.length > 0) c.header('access-control-expose-headers', [...ALWAYS_SHOWN, ...limits].join(','));
    return undefined;
  };
};

/** Headers that a page may read beside those that every page may. */
const ALWAYS_SHOWN = [
  'x-request-id',
  'request-id',
  'x-upstream-request-id',
  'retry-after',
  'x-should-retry',
  'x-proxy-model',
  'x-proxy-unknown-model',
  'x-proxy-ignored',
  'x-proxy-emulated',
];

/** Why a request with these headers is refused; undefined when it is not. */
export const refusalOf = (sender: Sender, settings: GuardSettings): string | undefined => {
  const { host, origin } = sender;
  if (settings.checkHost && host !== undefined && !hostAllowed(host, settings.allowedHosts)) {
    return (
      `This server listens on loopback and was asked for as ${printable(host)}. If a proxy in front of it is ` +
      `yours, add the name to ALLOWED_HOSTS.`
    );
  }
  if (origin === undefined || originAllowed(origin, settings.corsOrigins) || isOwnPage(sender)) return undefined;
  const hint = 'If they are yours, add the origin to CORS_ORIGINS.';
  return `Web pages of ${printable(origin)} may not use this server. ${hint}`;
};

/** `https://app.example`, `vscode-webview://*` (any host of a scheme) and `*` match. */
const originAllowed = (origin: string, allowed: readonly string[]): boolean =>
  allowed.some(
    (each) => each === '*' || each === origin || (each.endsWith('://*') && origin.startsWith(each.slice(0, -1))),
  );

/** What a browser says of the page that sent a request. */
export interface Sender {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly site?: string | undefined;
}

export const senderOf = (headers: Headers): Sender => ({
  host: headers.get('host') ?? undefined,
  origin: headers.get('origin') ?? undefined,
  site: headers.get('sec-fetch-site') ?? undefined,
});

/**
 * Whether it names a page of the server itself. Where a proxy in front has changed the host, the browser's own word for
 * it counts, which no page can set.
 */
export const isOwnPage = ({ host, origin, site }: Sender): boolean =>
  origin !== undefined && (site === 'same-origin' || origin === `http://${host}` || origin === `https://${host}`);

const hostAllowed = (host: string, allowed: readonly string[]): boolean => {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return isLoopbackHost(name) || allowed.includes(name);
};

/** Names and addresses that can only mean this machine. */
export const isLoopbackHost = (name: string): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  /^127(\.\d{1,3}){3}$/.test(name) ||
  name === '[::1]' ||
  name === '::1';
