import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/** Rows looked at: the columns' scales are to be told, no more. */
const MOST_ROWS = 32;

/** About how many times the scale of the smallest column that of the largest is; columns of zeros do not count. */
export function unitRange(arena: Arena, { nSamples, nFeatures, stride, values }: DenseMatrix): number {
  const largest = new Float64Array(nFeatures);
  const count = Math.min(MOST_ROWS, nSamples);
  for (let t = 0; t < count; t++) {
    const row = arena.f32(values + 4 * Math.floor((t * nSamples) / count) * stride, nFeatures);
    for (let j = 0; j < nFeatures; j++) largest[j] = Math.max(largest[j], Math.abs(row[j]));
  }
  const present = largest.filter((x) => x > 0);
  return present.length === 0
    ? 1
    : present.reduce((a, x) => Math.max(a, x)) / present.reduce((a, x) => Math.min(a, x));
}
