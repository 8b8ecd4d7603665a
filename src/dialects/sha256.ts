/** SHA-256 (FIPS 180-4) without imports: parsing is synchronous and runs on every runtime, Web Crypto is neither. */

/** Lower-case hex of the hash of the text's UTF-8. */
export const sha256 = (text: string): string => {
  const state = [...INITIAL];
  const blocks = padded(new TextEncoder().encode(text));
  for (let offset = 0; offset < blocks.byteLength; offset += 64) compress(state, schedule(blocks, offset));
  return state.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
};

/** The first 32 bits of the fractional part of a root of a prime. */
const fraction = (prime: number, root: number): number => ((prime ** (1 / root) % 1) * 2 ** 32) | 0;

const PRIMES: readonly number[] = Array.from({ length: 310 }, (_, index) => index + 2).filter((n) => {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return true;
});
const INITIAL = PRIMES.slice(0, 8).map((prime) => fraction(prime, 2));
const ROUND = PRIMES.slice(0, 64).map((prime) => fraction(prime, 3));

const padded = (bytes: Uint8Array): DataView => {
  const view = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / 64) * 64));
  new Uint8Array(view.buffer).set(bytes);
  view.setUint8(bytes.length, 0x80);
  view.setBigUint64(view.byteLength - 8, BigInt(bytes.length) * 8n);
  return view;
};

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

const schedule = (blocks: DataView, offset: number): Int32Array => {
  const words = new Int32Array(64);
  for (let index = 0; index < 64; index += 1) {
    if (index < 16) {
      words[index] = blocks.getInt32(offset + index * 4);
      continue;
    }
    const [a, b] = [words[index - 15] ?? 0, words[index - 2] ?? 0];
    const small0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const small1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    words[index] = (words[index - 16] ?? 0) + small0 + (words[index - 7] ?? 0) + small1;
  }
  return words;
};

const compress = (state: number[], words: Int32Array): void => {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (const [index, word] of words.entries()) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = (h + big1 + ((e & f) ^ (~e & g)) + (ROUND[index] ?? 0) + word) | 0;
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = ((state[index] ?? 0) + word) | 0;
};
