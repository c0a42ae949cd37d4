import type { ParameterLayout } from './parameters.ts';

/**
 * Lists the features with a weight other than 0, ascending, into `out`, and tells how many there are: null where they
 * are more than `out` holds.
 */
export function listPresentFeatures(
  { nFeatures, nClasses, stride }: ParameterLayout,
  theta: Float64Array,
  out: Uint32Array,
): number | null {
  let count = 0;
  for (let j = 0; j < nFeatures; j++) {
    let k = j * stride;
    const end = k + nClasses;
    while (k < end && theta[k] === 0) k++;
    if (k === end) continue;
    if (count === out.length) return null;
    out[count++] = j;
  }
  return count;
}
