/**
 * The login that Claude Code refreshes itself (`CLAUDE_OAUTH_CREDS`, the JSON of its credentials
 * file). A refresh token works once, so it is in one container at a time, for the turn that
 * refreshes; all others hold the access token alone. The choices are here, the effects elsewhere.
 */
export interface Login {
  /** The file's text. */
  readonly text: string;
  /** Milliseconds since the Unix epoch; 0 when the file does not say. */
  readonly expiresAt: number;
}

interface CredentialsFile {
  readonly claudeAiOauth?: {
    readonly accessToken?: string;
    readonly refreshToken?: string;
    readonly expiresAt?: number;
  };
}

/** Undefined when the text is no credentials file: Claude Code empties the file when a refresh is refused. */
export const loginOf = (text: string): Login | undefined => {
  const file = parse(text);
  if (file?.claudeAiOauth?.accessToken === undefined || file.claudeAiOauth.accessToken === '') return undefined;
  return { text, expiresAt: file.claudeAiOauth.expiresAt ?? 0 };
};

export const withoutRefreshToken = (text: string): string => {
  const file = parse(text) ?? {};
  const { refreshToken: _, ...rest } = file.claudeAiOauth ?? {};
  return JSON.stringify({ ...file, claudeAiOauth: rest });
};

export const hasRefreshToken = (text: string): boolean => Boolean(parse(text)?.claudeAiOauth?.refreshToken);

const parse = (text: string): CredentialsFile | undefined => {
  try {
    return JSON.parse(text) as CredentialsFile;
  } catch {
    return undefined; // Not JSON: not a login.
  }
};

/** Claude Code refreshes when less than five minutes are left, so it is given the means a little later than that. */
export const REFRESH_BEFORE_MS = 4 * 60_000;
/** Longer than a turn; a holder that dies keeps the others waiting at most so long. */
const LEASE_MS = 15 * 60_000;

export interface LoginLease {
  readonly holder: string;
  readonly until: number;
}

/** A login, and the digest of the deployed secret that it descends from. */
export interface CurrentLogin {
  readonly text: string;
  readonly secret: string;
}

export type Offer =
  /** Someone has refreshed, or there is time: use this, with no refresh token. */
  | ({ readonly kind: 'use' } & CurrentLogin)
  /** Refresh it: nobody else has the refresh token now. */
  | ({ readonly kind: 'refresh' } & CurrentLogin)
  /** Another instance refreshes. */
  | { readonly kind: 'wait' };

export interface Asking {
  readonly instance: string;
  readonly now: number;
  /** Digest of the deployed secret. */
  readonly secret: string;
}

export const offerOf = (login: Login, lease: LoginLease | undefined, { instance, now, secret }: Asking): Offer => {
  if (login.expiresAt - now > REFRESH_BEFORE_MS) return { kind: 'use', text: withoutRefreshToken(login.text), secret };
  if (lease !== undefined && lease.holder !== instance && lease.until > now) return { kind: 'wait' };
  return { kind: 'refresh', text: login.text, secret };
};

export const leaseFor = ({ instance, now }: Pick<Asking, 'instance' | 'now'>): LoginLease => ({
  holder: instance,
  until: now + LEASE_MS,
});

/** What an instance brings back counts when it is newer; an older one would undo another's refresh. */
export const isNewer = (brought: Login | undefined, kept: Login): brought is Login =>
  brought !== undefined && brought.expiresAt > kept.expiresAt;
