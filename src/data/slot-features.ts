import { batchRows, type DenseBatch } from './feature-batch.ts';
import type { BuiltEncoding } from './slot-encoder.ts';
import type { SlotRows } from './slot-rows.ts';
import { categoryFeature } from './slot-scaling.ts';

/** The features of slot rows in original units, a batch of rows at a time; a batch is overwritten by the next. */
export function* slotBatches(rows: SlotRows, { slots, nFeatures }: BuiltEncoding): Generator<DenseBatch> {
  const capacity = batchRows(nFeatures);
  const buffer = new Float64Array(Math.min(capacity, rows.nRows) * nFeatures);
  for (let from = 0; from < rows.nRows; from += capacity) {
    const nRows = Math.min(capacity, rows.nRows - from);
    const values = buffer.subarray(0, nRows * nFeatures).fill(0);
    for (let i = 0; i < nRows; i++) {
      const start = (from + i) * rows.nColumns;
      const out = i * nFeatures;
      for (const column of slots) {
        if (column.kind === 'categorical') {
          const feature = categoryFeature(column, rows.u32[start + column.slot]);
          if (feature >= 0) values[out + feature] = 1;
          continue;
        }
        const x = rows.f32[start + column.slot];
        values[out + column.feature] = (!Number.isNaN(x) ? x : column.fill) + column.reference;
        if (Number.isNaN(x) && column.indicator >= 0) values[out + column.indicator] = 1;
      }
    }
    yield { kind: 'dense', nRows, nFeatures, values };
  }
}
