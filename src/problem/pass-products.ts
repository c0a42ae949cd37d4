import type { DesignMatrix } from '../data/design-matrix.ts';
import { parameterLayout } from './parameters.ts';

/** exp and log of one score cost as much as so many products. */
const SCORE_PRODUCTS = 6;

/** Multiplications (with an addition each) that a pass is worth. */
export function passProducts(matrix: DesignMatrix, nClasses: number): number {
  const { stride } = parameterLayout(matrix.nFeatures, nClasses);
  const values = matrix.kind === 'sparse' ? matrix.nonzeros : matrix.nSamples * matrix.nFeatures;
  return stride * (2 * values + SCORE_PRODUCTS * matrix.nSamples);
}
