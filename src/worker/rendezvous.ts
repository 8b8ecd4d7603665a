/** Which instance holds which key, with no table: every Worker computes the same order from the names alone. */

/** Names of the instances; a new `generation` leaves every old Durable Object (and one that is stuck) behind. */
export const instanceNames = (generation: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${generation}-i${index}`);

/**
 * Rendezvous hashing: the order in which `names` may serve `key`, the home first. Taking a name
 * away moves only the keys that lived there.
 */
export const orderFor = (key: string, names: readonly string[]): readonly string[] =>
  names
    .map((name) => ({ name, score: hash(`${key}\n${name}`) }))
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);

// FNV-1a, finished as MurmurHash3 does: without that the shares of the names differ by a factor.
const hash = (text: string): number => {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
