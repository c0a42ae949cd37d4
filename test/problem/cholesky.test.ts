import { expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

test.each([1, 2, 3, 4, 5, 7, 32, 33, 64, 70, 131])('solves systems of %i unknowns', (size) => {
  const runtime = kernelRuntime();
  const matrix = choleskyMatrix(runtime, size);
  const entry = (i: number, j: number) =>
    i === j ? size + 1 : Math.sin(7 * Math.max(i, j) + 3 * Math.min(i, j));
  for (let i = 0; i < size; i++) {
    // The upper half is not read.
    for (let j = 0; j < size; j++) matrix.values[i * matrix.rowStride + j] = j > i ? Number.NaN : entry(i, j);
  }
  const solution = Array.from({ length: size }, (_, i) => Math.cos(i) + 0.1);
  const x = runtime.arena.allocateF64(size);
  for (let i = 0; i < size; i++) x[i] = solution.reduce((sum, value, j) => sum + entry(i, j) * value, 0);
  matrix.factor();
  matrix.solve(x);
  for (let i = 0; i < size; i++) expect(x[i]).toBeCloseTo(solution[i], 12);
  for (let j = 0; j < size; j++) {
    x[j] = 0;
    for (let i = j; i < size; i++) x[j] += matrix.values[i * matrix.rowStride + j] * solution[i];
  }
  matrix.solveTransposed(x);
  for (let i = 0; i < size; i++) expect(x[i]).toBeCloseTo(solution[i], 12);
});
