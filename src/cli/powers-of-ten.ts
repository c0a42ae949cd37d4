import type { Arena, Pointer } from '../runtime/arena.ts';

const LEAST = -292;
const GREATEST = 324;

/**
 * The table that kernels/shortest-decimal.ts prints with: for k = −292 … 324 the upper 128 bits of 10^k, rounded up
 * where they are not all, low half first (Giulietti 2021, section 9). Made in some 2 ms, so only where much is printed.
 */
export function placePowersOfTen(arena: Arena): Pointer {
  const length = 2 * (GREATEST - LEAST + 1);
  const pointer = arena.allocate(length * 8);
  const words = new BigUint64Array(arena.memory.buffer, pointer, length);
  let power = 1n;
  for (let k = 0; k <= GREATEST; k++, power *= 5n) {
    place(words, k, upperBits(power));
    if (k > 0 && -k >= LEAST) place(words, -k, upperBitsOfReciprocal(power));
  }
  return pointer;
}

function place(words: BigUint64Array, k: number, bits: bigint): void {
  words[2 * (k - LEAST)] = bits & 0xffffffffffffffffn;
  words[2 * (k - LEAST) + 1] = bits >> 64n;
}

/** 5^k and 10^k differ by a power of two, which scaling takes away. */
function upperBits(power: bigint): bigint {
  const more = BigInt(bitLength(power) - 128);
  if (more <= 0n) return power << -more;
  return ((power - 1n) >> more) + 1n;
}

function upperBitsOfReciprocal(power: bigint): bigint {
  return (1n << BigInt(127 + bitLength(power))) / power + 1n;
}

function bitLength(x: bigint): number {
  const hexadecimal = x.toString(16);
  return 4 * hexadecimal.length - Math.clz32(Number.parseInt(hexadecimal[0], 16)) + 28;
}
