import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/** `most` of the rows, spread evenly, or all: enough to tell their scale. */
export function someRows(
  arena: Arena,
  { nSamples, nFeatures, stride, values }: DenseMatrix,
  most: number,
): Float32Array[] {
  const count = Math.min(most, nSamples);
  return Array.from({ length: count }, (_, t) =>
    arena.f32(values + 4 * Math.floor((t * nSamples) / count) * stride, nFeatures),
  );
}
