import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/** Rows looked at: their scale is to be told, no more. */
const MOST_ROWS = 32;

/** About the mean ‖x‖² over as many directions as rows can have, min(nSamples, nFeatures); null for sparse rows. */
export function rowSpread(arena: Arena, matrix: DesignMatrix): number | null {
  if (matrix.kind !== 'dense') return null;
  const { nSamples, nFeatures, stride, values } = matrix;
  const count = Math.min(MOST_ROWS, nSamples);
  let squares = 0;
  for (let t = 0; t < count; t++) {
    const i = Math.floor((t * nSamples) / count);
    for (const x of arena.f32(values + 4 * i * stride, nFeatures)) squares += x * x;
  }
  return squares / count / Math.min(nSamples, nFeatures);
}
