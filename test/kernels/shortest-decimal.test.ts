import { describe, expect, test } from 'vitest';
import { placePowersOfTen } from '../../src/cli/powers-of-ten.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const { arena, kernels } = kernelRuntime();
const MOST = 4096;
const LONGEST = 24;
const numbers = arena.allocateF64(MOST);
const codes = arena.allocateU32(MOST);
const newline = arena.allocate(64);
arena.u8(newline, 1).set([10]);
const lengths = arena.allocateU32(1);
const out = arena.allocate(MOST * (LONGEST + 1) + 64);
// No texts but the newline.
const texts = arena.allocateU32(6);
texts.set([newline, 0, newline, 0, newline, 1]);
const powers = placePowersOfTen(arena);
const task = arena.allocateU32(11);

/** Each number on a line, by the kernel. */
function printed(values: readonly number[]): string {
  numbers.set(values);
  const { length } = values;
  task.set([numbers.byteOffset, 1, length, length, codes.byteOffset, 1, texts.byteOffset, out, 0]);
  task.set([lengths.byteOffset, powers], 9);
  kernels.numberLines(task.byteOffset, 0);
  return new TextDecoder().decode(arena.u8(out, lengths[0]).slice());
}

function expectAsString(values: readonly number[]): void {
  for (let i = 0; i < values.length; i += MOST) {
    const part = values.slice(i, i + MOST);
    const expected = part.map((x) => `${x}\n`).join('');
    if (printed(part) === expected) continue;
    for (const x of part) expect(printed([x])).toBe(`${x}\n`);
    expect(printed(part)).toBe(expected);
  }
}

/** A multiplicative generator of 64 bits (Knuth's MMIX). */
let state = 1n;
function randomBits(): bigint {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  return state ^ (state >> 29n);
}
const view = new DataView(new ArrayBuffer(8));
function doubleOf(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
const many = (count: number, make: () => number) =>
  Array.from({ length: count }, make).filter(Number.isFinite);

describe('the kernel prints a double as String does', () => {
  test('where the form of the text changes', () => {
    const tens = Array.from({ length: 640 }, (_, i) => Number(`1e${i - 324}`)).filter(Number.isFinite);
    const short = [
      1,
      9,
      12,
      99,
      123,
      123456789,
      1.5,
      0.25,
      2 ** 53,
      2 ** 53 + 2,
      5e-324,
      1.7976931348623157e308,
    ];
    const values = [0, -0, ...tens, ...short, ...tens.map((x) => x * 1.5), ...tens.map((x) => x * 123456789)];
    expectAsString([...values, ...values.map((x) => -x)].filter(Number.isFinite));
  });

  test('at every power of two and beside it', () => {
    const powers = Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));
    const bits = powers.map((x) => {
      view.setFloat64(0, x);
      return view.getBigUint64(0);
    });
    for (const beside of [-1n, 0n, 1n]) {
      expectAsString(bits.map((word) => doubleOf(word + beside)).filter(Number.isFinite));
    }
  });

  test('for any bits, subnormal numbers, integers and few digits', () => {
    expectAsString(many(200_000, () => doubleOf(randomBits())));
    expectAsString(many(20_000, () => doubleOf(randomBits() >> 12n)));
    expectAsString(many(20_000, () => Number(randomBits() >> (randomBits() & 63n))));
    const few = () => Number(randomBits() % 100_000n) * 10 ** Number((randomBits() >> 7n) % 30n);
    expectAsString(many(50_000, few));
    expectAsString(many(50_000, () => few() / 1e22));
  });

  test('for probabilities and scores', () => {
    const uniform = () => Number(randomBits() >> 11n) / 2 ** 53;
    expectAsString(many(100_000, uniform));
    expectAsString(many(50_000, () => 1 - uniform() * 1e-9));
    expectAsString(many(100_000, () => (uniform() - 0.5) * 2 ** Number(randomBits() % 40n)));
  });
});
