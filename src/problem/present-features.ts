import type { ParameterLayout } from './parameters.ts';

/**
 * Lists the features with a weight other than 0, ascending, into `out`, and tells how many there are: null where they
 * are more than `out` holds. `among`: those that may have one, ascending; default: all.
 */
export function listPresentFeatures(
  { nFeatures, nClasses, stride }: ParameterLayout,
  theta: Float64Array,
  out: Uint32Array,
  among: readonly number[] | null = null,
): number | null {
  let count = 0;
  for (let f = 0; f < (among?.length ?? nFeatures); f++) {
    const j = among === null ? f : among[f];
    let k = j * stride;
    const end = k + nClasses;
    while (k < end && theta[k] === 0) k++;
    if (k === end) continue;
    if (count === out.length) return null;
    out[count++] = j;
  }
  return count;
}
