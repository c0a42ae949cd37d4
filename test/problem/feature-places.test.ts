import { expect, test } from 'vitest';
import { featurePlaces } from '../../src/problem/feature-places.ts';
import { sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const N = 90;
const D = 40;

/** Column j is in about one of (j * 7) % 40 + 1 rows; the last in none. */
const X = Array.from({ length: N }, (_, i) =>
  Array.from({ length: D }, (_, j) => (j < D - 1 && i % (((j * 7) % D) + 1) === 0 ? 1 + i + j : 0)),
);

test('every feature has a place of its own, the more frequent by powers of two before the rarer', () => {
  const runtime = kernelRuntime();
  const { matrix } = sparseTrainingSet(runtime.arena, { X, y: X.map(() => 0), nClasses: 1 });
  if (matrix.kind !== 'sparse') throw new Error('a sparse matrix');
  const { places, indices } = featurePlaces(runtime, matrix);
  const features = Array.from({ length: D }, (_, place) => places.indexOf(place));
  expect(features).not.toContain(-1);
  const power = (j: number) => Math.floor(Math.log2(X.filter((row) => row[j] !== 0).length));
  for (let place = 1; place < D; place++) {
    expect(power(features[place])).toBeLessThanOrEqual(power(features[place - 1]));
  }
  const rowIndices = runtime.arena.u32(matrix.rowIndices, matrix.nonzeros);
  const placed = runtime.arena.u32(indices, matrix.nonzeros);
  expect(Array.from(placed)).toEqual(Array.from(rowIndices, (j) => places[j]));
});
