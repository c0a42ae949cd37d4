import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';
import { someRows } from './some-rows.ts';

/** Rows looked at: their scale is to be told, no more. */
const MOST_ROWS = 32;

/** About the mean ‖x‖² over as many directions as rows can have, min(nSamples, nFeatures); null for sparse rows. */
export function rowSpread(arena: Arena, matrix: DesignMatrix): number | null {
  if (matrix.kind !== 'dense') return null;
  const rows = someRows(arena, matrix, MOST_ROWS);
  let squares = 0;
  for (const row of rows) for (const x of row) squares += x * x;
  return squares / rows.length / Math.min(matrix.nSamples, matrix.nFeatures);
}
