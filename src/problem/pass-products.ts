import type { DesignMatrix } from '../data/design-matrix.ts';
import { parameterLayout } from './parameters.ts';
import { valuesRead } from './pass-shards.ts';

/** exp and log of one score cost as much as so many products. */
const SCORE_PRODUCTS = 6;

/** What L-BFGS's pairs cost for each unknown in an iteration: 30 of them, 780 unknowns 25 µs, a pass's product 42 ps. */
const VECTOR_PRODUCTS = 770;

/** What JavaScript takes of an iteration, 28 µs. */
const STEP_PRODUCTS = 7e5;

/** Those that an iteration of L-BFGS is worth: a pass over what is read of compact rows, and its vectors. */
export function iterationProducts(matrix: DesignMatrix, nClasses: number): number {
  const { size, stride } = parameterLayout(matrix.nFeatures, nClasses);
  const read = matrix.kind === 'dense' ? valuesRead(matrix) : matrix.nonzeros;
  return stride * (2 * read + SCORE_PRODUCTS * matrix.nSamples) + VECTOR_PRODUCTS * size + STEP_PRODUCTS;
}

/** Multiplications (with an addition each) that a pass is worth. */
export function passProducts(matrix: DesignMatrix, nClasses: number): number {
  const { stride } = parameterLayout(matrix.nFeatures, nClasses);
  const values = matrix.kind === 'sparse' ? matrix.nonzeros : matrix.nSamples * matrix.nFeatures;
  return stride * (2 * values + SCORE_PRODUCTS * matrix.nSamples);
}
