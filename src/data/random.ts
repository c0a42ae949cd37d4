/**
 * Counter-based random numbers: word `index` of stream `stream` under `seed` is a pure function of the
 * three, so it does not matter which thread asks, in which order, or how often.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011);
 * key = (seed, stream), counter = (index low, index high, 0, 0).
 */

/** What a stream is for; one number for each use, so that no two uses share their numbers. */
export const RANDOM_STREAM = { split: 1, dropout: 2, shuffle: 3, sample: 4, dropoutEvaluation: 5 } as const;

/** Numbers drawn one after the other. */
export interface RandomSequence {
  /** A whole number 0 … 2³² − 1. */
  nextU32(): number;
  /** A multiple of 2⁻⁵³ in [0, 1). */
  nextUniform(): number;
  /** A whole number 0 … n − 1, each equally likely; 1 ≤ n ≤ 2³². */
  nextBelow(n: number): number;
}

/** Writes the four u32 words of block `index` (a whole number below 2⁵³) into `out`. */
export function randomBlock(seed: number, stream: number, index: number, out: Uint32Array): void {
  philox4x32(index >>> 0, Math.floor(index / 2 ** 32) >>> 0, 0, 0, seed, stream, out);
}

/** The numbers of one stream, in order. */
export function randomSequence(seed: number, stream: number): RandomSequence {
  const block = new Uint32Array(4);
  let index = 0;
  let used = 4;
  function nextU32(): number {
    if (used === 4) {
      randomBlock(seed, stream, index++, block);
      used = 0;
    }
    return block[used++];
  }
  return {
    nextU32,
    nextUniform: () => ((nextU32() >>> 5) * 67108864 + (nextU32() >>> 6)) / 9007199254740992,
    nextBelow(n) {
      let word = nextU32();
      // The last, incomplete round of n would favour small numbers, so words that fall into it are redrawn.
      if (word >= 4294967296 - n) {
        const limit = 4294967296 - (4294967296 % n);
        while (word >= limit) word = nextU32();
      }
      // Of u32, a remainder takes a tenth of the time.
      return n < 4294967296 ? (word >>> 0) % (n >>> 0) : word;
    },
  };
}

/** Puts `items` in random order, in place (Fisher–Yates). */
export function shuffle(items: Uint32Array | Int32Array, random: RandomSequence): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.nextBelow(i + 1);
    const item = items[i];
    items[i] = items[j];
    items[j] = item;
  }
}

/** One Philox4x32-10 block for counter (c0, c1, c2, c3) and key (k0, k1). */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  let [a, b, c, d] = [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
  let [u, v] = [k0 >>> 0, k1 >>> 0];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, a);
    const low0 = Math.imul(0xd2511f53, a);
    const high1 = multiplyHigh(0xcd9e8d57, c);
    const low1 = Math.imul(0xcd9e8d57, c);
    a = (high1 ^ b ^ u) >>> 0;
    b = low1 >>> 0;
    c = (high0 ^ d ^ v) >>> 0;
    d = low0 >>> 0;
    u = (u + 0x9e3779b9) >>> 0;
    v = (v + 0xbb67ae85) >>> 0;
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
}

/** The upper 32 bits of a · b for u32 a and b, by 16-bit halves: every partial sum is a u32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = ((Math.imul(aLow, bLow) >>> 16) + Math.imul(aHigh, bLow)) >>> 0;
  const middle2 = ((middle & 0xffff) + Math.imul(aLow, bHigh)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (middle2 >>> 16)) >>> 0;
}
