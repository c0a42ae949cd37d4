import type { Arena, Pointer } from '../runtime/arena.ts';

const LEAST = -65;
const GREATEST = 65;

/**
 * The table that kernels/decimal.ts rounds with: for q = −65 … 65 the upper 128 bits of 5^q, low half first (Lemire
 * 2021, appendix B).
 */
export function placePowersOfFive(arena: Arena): Pointer {
  const pointer = arena.allocate((GREATEST - LEAST + 1) * 16);
  const words = new BigUint64Array(arena.memory.buffer, pointer, (GREATEST - LEAST + 1) * 2);
  table.forEach((word, i) => {
    words[i] = word;
  });
  return pointer;
}

const table = Array.from({ length: GREATEST - LEAST + 1 }, (_, i) => upperBits(i + LEAST)).flatMap((bits) => [
  bits & 0xffffffffffffffffn,
  bits >> 64n,
]);

/** 5^q scaled by a power of two to 128 bits; up to 5²⁷ the reciprocal rounded up tells every tie. */
function upperBits(q: number): bigint {
  const power = 5n ** BigInt(Math.abs(q));
  const length = BigInt(power.toString(2).length);
  if (q >= 0) return length <= 128n ? power << (128n - length) : power >> (length - 128n);
  return (1n << (127n + length)) / power + (q >= -27 ? 1n : 0n);
}
