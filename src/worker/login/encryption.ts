/** AES-256-GCM over WebCrypto for what is kept in SQLite. Form: version byte, 12 bytes of IV, ciphertext with tag. */
const VERSION = 1;
const IV_BYTES = 12;

export interface Seal {
  seal(text: string): Promise<ArrayBuffer>;
  /** Throws when the text was sealed under another key or for another place, or was changed. */
  open(sealed: ArrayBuffer): Promise<string>;
}

/**
 * `key`: 32 bytes in base64. `place` names where the text is kept (object, table, row): sealed text
 * moved to another place does not open. Throws when the key is not 32 bytes.
 */
export const createSeal = async (key: string, place: string): Promise<Seal> => {
  if (!isSealKey(key)) throw new Error('STATE_KEY must be 32 bytes in base64');
  const raw = Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
  const secret = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const additionalData = new TextEncoder().encode(place);
  return {
    seal: async (text) => {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const encrypted = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData },
        secret,
        new TextEncoder().encode(text),
      );
      const sealed = new Uint8Array(1 + IV_BYTES + encrypted.byteLength);
      sealed[0] = VERSION;
      sealed.set(iv, 1);
      sealed.set(new Uint8Array(encrypted), 1 + IV_BYTES);
      return sealed.buffer;
    },
    open: async (sealed) => {
      const bytes = new Uint8Array(sealed);
      if (bytes[0] !== VERSION) throw new Error('unknown form of sealed text');
      const iv = bytes.subarray(1, 1 + IV_BYTES);
      const text = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv, additionalData },
        secret,
        bytes.subarray(1 + IV_BYTES),
      );
      return new TextDecoder().decode(text);
    },
  };
};

export const isSealKey = (key: string): boolean => {
  try {
    return atob(key).length === 32;
  } catch {
    return false; // Not base64.
  }
};

/** Hex SHA-256: tells whether two secrets are the same without keeping either. */
export const digestOf = async (text: string): Promise<string> => {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
};
