import { sumOfWeights } from './column-scaling.ts';
import type { Standardization } from './design-matrix.ts';
import { MISSING_CODE } from './level-codes.ts';
import type { BuiltEncoding, SlotColumn } from './slot-encoder.ts';
import type { SlotRows } from './slot-rows.ts';

/** Mean and deviation of each feature, and the means of numeric ones as they lie in the slots (less their reference). */
export interface SlotScaling extends Standardization {
  readonly slotMean: Float64Array;
}

/**
 * Weighted mean and population standard deviation of every feature, in f64 and two passes. Numeric columns
 * are summed relative to their reference, so that a large offset costs no digits. A constant feature has
 * scale 1. Without `center` the means are those that are subtracted: none.
 */
export function slotScaling(
  rows: SlotRows,
  { slots, nFeatures }: BuiltEncoding,
  weights: Float64Array | null,
  center: boolean,
): SlotScaling {
  const { nRows, nColumns, f32, u32 } = rows;
  const mean = new Float64Array(nFeatures);
  const scale = new Float64Array(nFeatures);
  const weightSum = sumOfWeights(weights, nRows);
  for (let i = 0; i < nRows; i++) {
    const start = i * nColumns;
    const v = weights === null ? 1 : weights[i];
    for (const column of slots) {
      if (column.kind === 'categorical') {
        const feature = categoryFeature(column, u32[start + column.slot]);
        if (feature >= 0) mean[feature] += v;
      } else {
        const x = f32[start + column.slot];
        if (!Number.isNaN(x)) mean[column.feature] += v * x;
        else {
          mean[column.feature] += v * column.fill;
          if (column.indicator >= 0) mean[column.indicator] += v;
        }
      }
    }
  }
  for (let j = 0; j < nFeatures; j++) mean[j] /= weightSum;
  const numeric = slots.filter((column) => column.kind === 'numeric');
  for (const column of numeric) {
    const only = column.constant ? column.fill : onlyValue(rows, column, weights);
    if (only !== null) mean[column.feature] = only;
  }
  for (let i = 0; i < nRows; i++) {
    const start = i * nColumns;
    const v = weights === null ? 1 : weights[i];
    for (const { slot, feature, fill } of numeric) {
      const x = f32[start + slot];
      scale[feature] += v * ((!Number.isNaN(x) ? x : fill) - mean[feature]) ** 2;
    }
  }
  const slotMean = mean.slice();
  const isNumber = new Uint8Array(nFeatures);
  for (const { feature, reference } of numeric) {
    isNumber[feature] = 1;
    mean[feature] += reference;
    scale[feature] = Math.sqrt(scale[feature] / weightSum);
  }
  for (let j = 0; j < nFeatures; j++) {
    if (isNumber[j] === 0) scale[j] = Math.sqrt(Math.max(0, mean[j] * (1 - mean[j])));
    if (!(scale[j] > 0)) scale[j] = 1;
  }
  if (!center) {
    mean.fill(0);
    for (const { feature, reference } of numeric) slotMean[feature] = -reference;
  }
  return { mean, scale, slotMean };
}

/**
 * The value that all rows of weight > 0 have in a column, or null: where only rows of weight 0 differ, the mean's
 * rounding would pass for a deviation.
 */
function onlyValue(
  { nRows, nColumns, f32 }: SlotRows,
  { slot, fill }: { readonly slot: number; readonly fill: number },
  weights: Float64Array | null,
): number | null {
  if (weights === null) return null;
  let only: number | null = null;
  for (let i = 0; i < nRows; i++) {
    if (weights[i] === 0) continue;
    const x = f32[i * nColumns + slot];
    const value = Number.isNaN(x) ? fill : x;
    if (only !== null && value !== only) return null;
    only = value;
  }
  return only;
}

/** The feature that a code sets to 1, or −1. */
export function categoryFeature(column: SlotColumn & { kind: 'categorical' }, code: number): number {
  return code === MISSING_CODE ? column.missingFeature : column.featureOfCode[code];
}
