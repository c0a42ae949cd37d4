import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyOfColumns } from '../../src/solvers/screened-columns.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const { arena, kernels } = kernelRuntime();

test('a feature peaks at its largest gradient, or without end where it has a weight', () => {
  const theta = arena.allocateF64(12);
  const gradient = arena.allocateF64(12);
  const peaks = arena.allocateF64(4);
  gradient.set([1, -3, 2, -4, 5, 0, 0, 0, 0, 0.5, -0.25, 0]);
  theta.set([0, 0, 0, 0, 1e-300, 0, 0, 0, 0, 0, 0, -0]);
  kernels.featurePeaks(theta.byteOffset, gradient.byteOffset, 4, 3, peaks.byteOffset);
  expect([...peaks]).toEqual([3, Infinity, 0, 0.5]);
});

/** By sorting. */
function plainChoice(peaks: readonly number[], bound: number, fewest: number): number[] {
  const isTaken = (peak: number) => peak === Infinity;
  const others = peaks.filter((peak) => !isTaken(peak) && peak > bound).sort((a, b) => b - a);
  const room = Math.max(fewest, peaks.filter(isTaken).length);
  const least = others[Math.min(room, others.length) - 1];
  return [...peaks.keys()].filter((j) => isTaken(peaks[j]) || (peaks[j] > bound && peaks[j] >= least));
}

test('features with a weight, and as many others of the highest peaks, ascending', () => {
  const peak = fc.oneof(fc.constantFrom(0, 1, 2, 3, Infinity), fc.double({ min: 0, max: 4, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(peak, { maxLength: 60 }),
      fc.constantFrom(0, 1, 2.5),
      fc.integer({ min: 1, max: 20 }),
      (values, bound, fewest) => {
        const mark = arena.mark();
        const peaks = arena.allocateF64(values.length);
        peaks.set(values);
        const scratch = arena.allocate(values.length * 8);
        const out = arena.allocate(values.length * 4);
        const { byteOffset, length } = peaks;
        const count = kernels.chooseFeatures(byteOffset, length, bound, fewest, scratch, out);
        expect([...arena.u32(out, count)]).toEqual(plainChoice(values, bound, fewest));
        expect([...peaks]).toEqual(values);
        arena.release(mark);
      },
    ),
    { numRuns: 500 },
  );
});

test('a copy of columns holds them row by row, and zeros behind', () => {
  const runtime = kernelRuntime();
  const X = Array.from({ length: 37 }, (_, i) => Array.from({ length: 50 }, (_, j) => i + j / 64));
  const { matrix } = denseTrainingSet(runtime.arena, { X, y: X.map(() => 0), nClasses: 2 });
  if (matrix.kind !== 'dense') throw new Error('no dense rows');
  const mark = runtime.arena.mark();
  runtime.arena.allocateF32(2000).fill(Number.NaN);
  runtime.arena.release(mark);
  const features = [0, 7, 8, 31, 49];
  const copy = copyOfColumns(runtime, matrix, features);
  expect(copy).toMatchObject({ nSamples: 37, nFeatures: 5, stride: 8 });
  const values = runtime.arena.f32(copy.values, 37 * 8);
  for (const [i, x] of X.entries()) {
    expect([...values.subarray(8 * i, 8 * i + 8)]).toEqual([...features.map((j) => x[j]), 0, 0, 0]);
  }
});
