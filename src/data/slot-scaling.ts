import type { Pointer } from '../runtime/arena.ts';
import { sumOfWeights } from './column-scaling.ts';
import type { Standardization } from './design-matrix.ts';
import { MISSING_CODE } from './level-codes.ts';
import type { BuiltEncoding, SlotColumn } from './slot-encoder.ts';
import { forEachBlock, type SlotBench, type SlotRows, slotAddress, stateAddress } from './slot-rows.ts';

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
  bench: SlotBench,
  rows: SlotRows,
  { slots, nFeatures }: BuiltEncoding,
  weights: Float64Array | null,
  center: boolean,
): SlotScaling {
  const { nRows, nColumns, u32 } = rows;
  const { kernels, state } = bench;
  const step = nColumns * 4;
  const mean = new Float64Array(nFeatures);
  const scale = new Float64Array(nFeatures);
  const weightSum = sumOfWeights(weights, nRows);
  state.fill(0);
  forEachBlock(rows, bench, (first, count) => {
    const v = blockWeights(bench, weights, first, count);
    for (const column of slots) {
      if (column.kind === 'categorical') {
        if (weights === null) continue;
        for (let i = first, at = first * nColumns + column.slot; i < first + count; i++, at += nColumns) {
          const feature = categoryFeature(column, u32[at]);
          if (feature >= 0) mean[feature] += weights[i];
        }
        continue;
      }
      const { slot, fill } = column;
      kernels.slotSums(slotAddress(rows, first, slot), step, count, v, fill, stateAddress(bench, slot));
    }
  });
  for (const column of slots) {
    if (column.kind === 'numeric') {
      mean[column.feature] = state[4 * column.slot];
      if (column.indicator >= 0) mean[column.indicator] = state[4 * column.slot + 1];
    } else if (weights === null) {
      column.featureOfCode.forEach((feature, code) => {
        if (feature >= 0) mean[feature] = column.counts[code];
      });
      if (column.missingFeature >= 0) mean[column.missingFeature] = column.missing;
    }
  }
  for (let j = 0; j < nFeatures; j++) mean[j] /= weightSum;
  const numeric = slots.filter((column) => column.kind === 'numeric');
  for (const column of numeric) {
    const only = column.constant ? column.fill : onlyValue(rows, column, weights);
    if (only !== null) mean[column.feature] = only;
  }
  state.fill(0);
  forEachBlock(rows, bench, (first, count) => {
    const v = blockWeights(bench, weights, first, count);
    for (const { slot, feature, fill } of numeric) {
      const x = slotAddress(rows, first, slot);
      kernels.slotSquares(x, step, count, v, fill, mean[feature], stateAddress(bench, slot));
    }
  });
  const slotMean = mean.slice();
  const isNumber = new Uint8Array(nFeatures);
  for (const { slot, feature, reference } of numeric) {
    isNumber[feature] = 1;
    mean[feature] += reference;
    scale[feature] = Math.sqrt(state[4 * slot] / weightSum);
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

/** The weights of a block where kernels find them, or 0 where all are 1. */
function blockWeights(
  { arena, weights: room }: SlotBench,
  weights: Float64Array | null,
  first: number,
  count: number,
): Pointer {
  if (weights === null) return 0;
  arena.f64(room, count).set(weights.subarray(first, first + count));
  return room;
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
