/** AES-256-GCM over WebCrypto for what is kept in SQLite. Form: version byte, 12 bytes of IV, ciphertext with tag. */
const VERSION = 1;
const IV_BYTES = 12;

export interface Cipher {
  encrypt(text: string): Promise<ArrayBuffer>;
  /** Throws when the text was encrypted under another key or for another location, or was changed. */
  decrypt(encrypted: ArrayBuffer): Promise<string>;
}

/**
 * `key`: 32 bytes in base64. `location` names where the text is kept (object, table, row): encrypted text
 * moved elsewhere does not decrypt. Throws when the key is not 32 bytes.
 */
export const createCipher = async (key: string, location: string): Promise<Cipher> => {
  if (!isCipherKey(key)) throw new Error('STATE_KEY must be 32 bytes in base64');
  const raw = Uint8Array.from(atob(key), (char) => char.charCodeAt(0));
  const secret = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const additionalData = new TextEncoder().encode(location);
  return {
    encrypt: async (text) => {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const encrypted = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData },
        secret,
        new TextEncoder().encode(text),
      );
      const versioned = new Uint8Array(1 + IV_BYTES + encrypted.byteLength);
      versioned[0] = VERSION;
      versioned.set(iv, 1);
      versioned.set(new Uint8Array(encrypted), 1 + IV_BYTES);
      return versioned.buffer;
    },
    decrypt: async (given) => {
      const bytes = new Uint8Array(given);
      if (bytes[0] !== VERSION) throw new Error('unknown form of encrypted text');
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

export const isCipherKey = (key: string): boolean => {
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
