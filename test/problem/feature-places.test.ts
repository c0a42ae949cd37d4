import { expect, test } from 'vitest';
import type { SparseMatrix } from '../../src/data/design-matrix.ts';
import { type FeaturePlaces, featurePlaces } from '../../src/problem/feature-places.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

function place(X: readonly (readonly number[])[]) {
  const runtime = kernelRuntime();
  const data = { X: X.map((row) => [...row]), y: X.map(() => 0), nClasses: 1 };
  const { matrix } = sparseTrainingSet(runtime.arena, data);
  if (matrix.kind !== 'sparse') throw new Error('a sparse matrix');
  return { runtime, matrix, placed: featurePlaces(runtime, matrix) };
}

function expectPlacesOfIndices({ arena }: Runtime, matrix: SparseMatrix, { places, indices }: FeaturePlaces) {
  const rowIndices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const placed = arena.u32(indices, matrix.nonzeros);
  expect(placed.every((at, p) => at === places[rowIndices[p]])).toBe(true);
}

test('every feature has a place of its own, the more frequent by powers of two before the rarer', () => {
  const D = 40;
  const X = Array.from({ length: 90 }, (_, i) =>
    Array.from({ length: D }, (_, j) => (j < D - 1 && i % (((j * 7) % D) + 1) === 0 ? 1 + i + j : 0)),
  );
  const { runtime, matrix, placed } = place(X);
  const features = Array.from({ length: D }, (_, at) => placed.places.indexOf(at));
  expect(features).not.toContain(-1);
  const power = (j: number) => Math.floor(Math.log2(X.filter((row) => row[j] !== 0).length));
  for (let at = 1; at < D; at++) {
    expect(power(features[at])).toBeLessThanOrEqual(power(features[at - 1]));
  }
  expectPlacesOfIndices(runtime, matrix, placed);
});

test('more values than a shard of them', () => {
  const X = Array.from({ length: 2500 }, (_, i) =>
    Array.from({ length: 30 }, (_, j) => (i < 80 * j ? 0 : 1)),
  );
  const { runtime, matrix, placed } = place(X);
  expect(matrix.nonzeros).toBeGreaterThan(1 << 15);
  expectPlacesOfIndices(runtime, matrix, placed);
});
