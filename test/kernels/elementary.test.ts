import { describe, expect, test } from 'vitest';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const { arena, kernels } = kernelRuntime();
const COUNT = 20_000;

/** COUNT numbers from `from` to `to`, evenly, ends included */
function sweep(from: number, to: number): number[] {
  return Array.from({ length: COUNT }, (_, i) => from + ((to - from) * i) / (COUNT - 1));
}

function double(kernel: 'expDoubleArray' | 'logDoubleArray', values: readonly number[]): number[] {
  const x = arena.allocateF64(values.length);
  const out = arena.allocateF64(values.length);
  x.set(values);
  kernels[kernel](x.byteOffset, out.byteOffset, values.length);
  return [...out];
}

function single(values: readonly number[]): { x: number[]; out: number[] } {
  const x = arena.allocateF32(values.length);
  const out = arena.allocateF32(values.length);
  x.set(values);
  kernels.expSingleArray(x.byteOffset, out.byteOffset, values.length);
  return { x: [...x], out: [...out] };
}

function worstRelative(found: readonly number[], expected: readonly number[]): number {
  return found.reduce((worst, f, i) => Math.max(worst, Math.abs(f / expected[i] - 1)), 0);
}

describe('exp', () => {
  test('single: within 2⁻²² + 1.25 · 2⁻²⁴ |x| of Math.exp, relative, where it is not 0', () => {
    for (const range of [sweep(-87, 0), sweep(-1, 0), sweep(-1e-4, 1e-4), sweep(0, 88)]) {
      const { x, out } = single(range);
      const excess = out.map((e, i) => Math.abs(e / Math.exp(x[i]) - 1) - 1.25 * 2 ** -24 * Math.abs(x[i]));
      expect(Math.max(...excess)).toBeLessThanOrEqual(2 ** -22);
    }
  });

  test('single: below 0 within 2⁻²² of Math.exp, absolutely', () => {
    const { x, out } = single([...sweep(-87, 0), ...sweep(-4, 0)]);
    expect(Math.max(...out.map((e, i) => Math.abs(e - Math.exp(x[i]))))).toBeLessThanOrEqual(2 ** -22);
  });

  test('single: exactly 1 at 0 and exactly 0 below −87.7, as padding has it', () => {
    expect(single([0, -0, -87.7, -1e30]).out).toEqual([1, 1, 0, 0]);
    expect(single([-Number.MAX_VALUE, Number.NEGATIVE_INFINITY, -88, -100]).out).toEqual([0, 0, 0, 0]);
  });

  test('double: within 2 ulp (4.5e-16) of Math.exp on [−700, 0] and near 0', () => {
    for (const range of [sweep(-700, 0), sweep(-1, 0), sweep(-1e-6, 1e-6), sweep(0, 600)]) {
      expect(worstRelative(double('expDoubleArray', range), range.map(Math.exp))).toBeLessThanOrEqual(
        2 ** -51,
      );
    }
  });

  test('double: exactly 1 at 0 and exactly 0 below −700', () => {
    expect(double('expDoubleArray', [0, -700.1])).toEqual([1, 0]);
    expect(double('expDoubleArray', [-1e30, Number.NEGATIVE_INFINITY])).toEqual([0, 0]);
  });
});

describe('log', () => {
  test('double: within 1 ulp of Math.log (which may be off by one itself) from 1e-300 to 1e300', () => {
    const ranges = [
      sweep(0.3, 3),
      sweep(1, 100),
      sweep(1e-300, 1e-290),
      sweep(1e290, 1e300),
      sweep(1, 1 + 1e-9),
    ];
    for (const range of ranges) {
      const found = double('logDoubleArray', range);
      const worst = found.reduce((most, f, i) => {
        const expected = Math.log(range[i]);
        return expected === 0 ? Math.max(most, Math.abs(f)) : Math.max(most, Math.abs(f / expected - 1));
      }, 0);
      expect(worst).toBeLessThanOrEqual(2 ** -51);
    }
  });

  test('double: exactly 0 at 1', () => {
    expect(double('logDoubleArray', [1, 1])).toEqual([0, 0]);
  });
});
