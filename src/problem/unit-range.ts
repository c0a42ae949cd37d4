import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';
import { someRows } from './some-rows.ts';

/** Rows looked at: the columns' scales are to be told, no more. */
const MOST_ROWS = 32;

/** About how many times the scale of the smallest column that of the largest is; columns of zeros do not count. */
export function unitRange(arena: Arena, matrix: DenseMatrix): number {
  const largest = new Float64Array(matrix.nFeatures);
  for (const row of someRows(arena, matrix, MOST_ROWS)) {
    for (let j = 0; j < row.length; j++) largest[j] = Math.max(largest[j], Math.abs(row[j]));
  }
  const present = largest.filter((x) => x > 0);
  return present.length === 0
    ? 1
    : present.reduce((a, x) => Math.max(a, x)) / present.reduce((a, x) => Math.min(a, x));
}
