/** Checks keys of PROXY_API_KEY in constant time. Runs on Node and on Workers. */

export interface KeyRing {
  /** True when no key is configured: then everybody is let in, as the owner `local`. */
  readonly open: boolean;
  /** The owner of the first known key; undefined when none is known. */
  ownerOf(presented: readonly string[]): Promise<string | undefined>;
  /** Whether a key of this owner is configured. */
  knows(owner: string): boolean;
}

interface KnownKey {
  readonly digest: Uint8Array;
  readonly owner: string;
}

export const localOwner = 'local';

/** `keys` as configured, in any order; with none of them the ring is open. */
export const createKeyRing = async (keys: readonly string[]): Promise<KeyRing> => {
  const known = await Promise.all(keys.map(knownKey));
  return {
    open: known.length === 0,
    knows: (owner) => known.some((key) => key.owner === owner),
    ownerOf: async (presented) => {
      if (known.length === 0) return localOwner;
      const digests = await Promise.all(presented.map(sha256));
      return digests.map((digest) => ownerOfDigest(known, digest)).find((owner) => owner !== undefined);
    },
  };
};

/**
 * Keys as clients send them: `Authorization: Bearer …`, `x-api-key`, and Azure's `api-key`; some clients send two of
 * them.
 */
export const presentedKeys = (headers: Headers): readonly string[] => {
  const bearer = /^Bearer\s+(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1]?.trim();
  const apiKeys = ['x-api-key', 'api-key'].map((name) => headers.get(name)?.trim());
  return [bearer, ...apiKeys].filter((key) => key !== undefined && key !== '') as string[];
};

const knownKey = async (key: string): Promise<KnownKey> => {
  const digest = await sha256(key);
  return { digest, owner: hex(digest.subarray(0, 6)) };
};

// All known keys are compared, found or not, so that the time taken reveals nothing.
const ownerOfDigest = (known: readonly KnownKey[], digest: Uint8Array): string | undefined => {
  let owner: string | undefined;
  for (const key of known) if (sameBytes(key.digest, digest)) owner = key.owner;
  return owner;
};

// Both are SHA-256 digests, so their lengths are equal and an attacker cannot choose their bytes.
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  let difference = 0;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
};

const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
