/** A synchronous SHA-256: translations cannot await WebCrypto's promise, on Node or in a Worker. */
import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** The digest of a text's UTF-8 bytes, as 64 hex digits. */
export const sha256 = (text: string): string => bytesToHex(digest(utf8ToBytes(text)));
