/** A synchronous AES-256-GCM: translations cannot await WebCrypto's promise, on Node or in a Worker. */
import { gcm } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export interface TextCipher {
  /** The same text gives the same result, so that a streamed answer and a whole one agree. */
  encrypt(text: string): string;
  /** Undefined for text that this key did not encrypt, or that was changed. */
  decrypt(encrypted: string): string | undefined;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `secret` may have any length; each purpose has its own key. */
export const textCipher = (secret: string, purpose: string): TextCipher => {
  const keys = hkdf(sha256, utf8ToBytes(secret), undefined, utf8ToBytes(purpose), 64);
  const [key, nonceKey] = [keys.subarray(0, 32), keys.subarray(32)];
  return {
    encrypt: (text) => {
      const bytes = utf8ToBytes(text);
      // A nonce must not be used for two texts, so it is derived from the text.
      const nonce = hmac(sha256, nonceKey, bytes).subarray(0, NONCE_BYTES);
      return toBase64(concatBytes(Uint8Array.of(VERSION), nonce, gcm(key, nonce).encrypt(bytes)));
    },
    decrypt: (encrypted) => {
      const bytes = fromBase64(encrypted);
      if (bytes === undefined || bytes[0] !== VERSION || bytes.length < 1 + NONCE_BYTES + TAG_BYTES) return undefined;
      try {
        const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
        return new TextDecoder().decode(gcm(key, nonce).decrypt(bytes.subarray(1 + NONCE_BYTES)));
      } catch {
        return undefined; // The tag does not match: another key, or changed bytes.
      }
    },
  };
};

/** In pieces, because a call takes only a limited number of arguments. */
const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
};

const fromBase64 = (text: string): Uint8Array | undefined => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // Not base64.
  }
};
