/** Identifies the caller: keys of PROXY_API_KEY first, then named keys. */
import { localOwner, type KeyRing } from './keys.ts';
import type { NamedKey, NamedKeys } from './named-keys.ts';

export interface Caller {
  /** The owner of the conversations, stored responses and queue entries. */
  readonly owner: string;
  /** The name in log, ledger and pages. */
  readonly name: string;
  readonly role: 'admin' | 'user';
  /** Absent for the keys of PROXY_API_KEY, which have no limits. */
  readonly key?: NamedKey;
}

export type FoundCaller =
  | { readonly kind: 'known'; readonly caller: Caller }
  | { readonly kind: 'expired' | 'revoked'; readonly name: string }
  | { readonly kind: 'unknown' };

export interface CallerParts {
  readonly keys: KeyRing;
  /** Absent without a database. */
  readonly namedKeys?: Pick<NamedKeys, 'find'>;
}

/**
 * The caller of the first known key. A named key counts even where the server is open to all: its limits hold, and a
 * revoked one is refused.
 */
export const findCaller = async (
  presented: readonly string[],
  { keys, namedKeys }: CallerParts,
): Promise<FoundCaller> => {
  const owner = await keys.ownerOf(presented);
  if (owner !== undefined && !keys.open) return { kind: 'known', caller: { owner, name: owner, role: 'admin' } };
  let refused: FoundCaller | undefined;
  for (const each of namedKeys === undefined ? [] : presented) {
    const found = await namedKeys?.find(each);
    if (found?.kind === 'known') return { kind: 'known', caller: callerOf(found.key) };
    if (found?.kind === 'expired' || found?.kind === 'revoked') refused ??= { kind: found.kind, name: found.key.name };
  }
  if (refused !== undefined) return refused;
  return keys.open
    ? { kind: 'known', caller: { owner: localOwner, name: localOwner, role: 'admin' } }
    : { kind: 'unknown' };
};

const callerOf = (key: NamedKey): Caller => ({ owner: key.id, name: key.name, role: key.role, key });
