import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { DenseMatrix, SparseMatrix } from './design-matrix.ts';
import type { BuiltEncoding, NumericSlot } from './slot-encoder.ts';
import type { SlotBench, SlotRows } from './slot-rows.ts';
import { categoryFeature, type SlotScaling } from './slot-scaling.ts';
import { fillColumns } from './sparse-columns.ts';

/**
 * Whether one-hot columns leave so few values that compressed rows and columns (16 bytes a value) are the
 * better form. At a quarter both take the same memory; below an eighth they take half of it.
 */
export function prefersSparse({ slots, nFeatures }: BuiltEncoding, nRows: number): boolean {
  return nFeatures >= 64 && slots.length <= nFeatures / 8 && nRows * nFeatures >= 1 << 18;
}

/**
 * Writes the dense matrix over the slots that it comes from. `block` begins at `pointer`, holds `bytes`
 * bytes and is the last of the arena; it grows or shrinks to the size of the matrix. Blocks of rows are taken
 * from the last to the first where rows grow, and from the first where they shrink, and each is copied before it
 * is written over, so that no row is lost.
 */
export function expandDense(
  bench: SlotBench,
  pointer: Pointer,
  bytes: number,
  rows: SlotRows,
  encoding: BuiltEncoding,
  scaling: SlotScaling | null,
): DenseMatrix {
  const { arena, kernels, blockRows } = bench;
  const { nRows, nColumns } = rows;
  const { nFeatures } = encoding;
  const stride = Math.ceil(nFeatures / 4) * 4;
  const needed = Math.ceil((nRows * stride * 4) / 64) * 64;
  if (needed > bytes) arena.allocateUnset(needed - bytes);
  const values = arena.f32(pointer, nRows * stride);
  const template = zeroRow(arena, stride, nFeatures, scaling);
  const ones = Float32Array.from({ length: nFeatures }, (_, j) => one(scaling, j));
  const step = nColumns * 4;
  const copies = arena.u32(bench.rows, blockRows * nColumns);
  const nBlocks = Math.ceil(nRows / blockRows);
  for (let block = 0; block < nBlocks; block++) {
    const first = (stride > nColumns ? nBlocks - 1 - block : block) * blockRows;
    const count = Math.min(blockRows, nRows - first);
    kernels.copyBytes(pointer + first * step, bench.rows, count * step);
    const begin = first * stride;
    kernels.repeatRow(template, stride * 4, pointer + begin * 4, count);
    for (const column of encoding.slots) {
      const { slot, feature } = column;
      const out = pointer + (begin + feature) * 4;
      if (column.kind === 'numeric') {
        const { fill, reference, indicator } = column;
        const mean = scaling === null ? -reference : scaling.slotMean[feature];
        const scale = scaling === null ? 1 : scaling.scale[feature];
        const flags = indicator < 0 ? 0 : out + (indicator - feature) * 4;
        const flag = indicator < 0 ? 0 : ones[indicator];
        const x = bench.rows + slot * 4;
        kernels.placeSlots(x, step, count, fill, mean, scale, out, stride * 4, flags, flag);
        continue;
      }
      for (let i = 0, at = begin; i < count; i++, at += stride) {
        const category = categoryFeature(column, copies[i * nColumns + slot]);
        if (category >= 0) values[at + category] = ones[category];
      }
    }
  }
  arena.release(pointer + needed);
  return { kind: 'dense', nSamples: nRows, nFeatures, stride, values: pointer };
}

/** Behind the matrix: the row in which every feature is 0. */
function zeroRow(arena: Arena, stride: number, nFeatures: number, scaling: SlotScaling | null): Pointer {
  const row = arena.allocateF32(stride);
  for (let j = 0; j < nFeatures && scaling !== null; j++) row[j] = (0 - scaling.mean[j]) / scaling.scale[j];
  return row.byteOffset;
}

/**
 * The sparse matrix, after the slots in memory. Numeric columns have no zeros to keep and are centred where
 * they lie; one-hot columns are scaled, and their centre is implicit.
 */
export function expandSparse(
  bench: Pick<Runtime, 'arena' | 'kernels'>,
  rows: SlotRows,
  encoding: BuiltEncoding,
  scaling: SlotScaling | null,
): SparseMatrix {
  const { nRows, nColumns, f32, u32 } = rows;
  const { nFeatures, slots } = encoding;
  const { arena } = bench;
  const rowStarts = arena.allocateU32(nRows + 1);
  let nonzeros = 0;
  for (let i = 0; i < nRows; i++) {
    const start = i * nColumns;
    for (const column of slots) {
      if (column.kind === 'categorical') {
        if (categoryFeature(column, u32[start + column.slot]) >= 0) nonzeros++;
        continue;
      }
      const x = f32[start + column.slot];
      if (numeric(column, x, scaling) !== 0) nonzeros++;
      if (Number.isNaN(x) && column.indicator >= 0) nonzeros++;
    }
    rowStarts[i + 1] = nonzeros;
  }
  const rowIndices = arena.allocateU32(nonzeros);
  const rowValues = arena.allocateF32(nonzeros);
  let p = 0;
  for (let i = 0; i < nRows; i++) {
    const start = i * nColumns;
    for (const column of slots) {
      if (column.kind === 'categorical') {
        const feature = categoryFeature(column, u32[start + column.slot]);
        if (feature < 0) continue;
        rowIndices[p] = feature;
        rowValues[p++] = scaling === null ? 1 : 1 / scaling.scale[feature];
        continue;
      }
      const x = f32[start + column.slot];
      const value = numeric(column, x, scaling);
      if (value !== 0) {
        rowIndices[p] = column.feature;
        rowValues[p++] = value;
      }
      if (Number.isNaN(x) && column.indicator >= 0) {
        rowIndices[p] = column.indicator;
        rowValues[p++] = scaling === null ? 1 : 1 / scaling.scale[column.indicator];
      }
    }
  }
  const compressed = {
    nSamples: nRows,
    nFeatures,
    nonzeros,
    rowStarts: rowStarts.byteOffset,
    rowIndices: rowIndices.byteOffset,
    rowValues: rowValues.byteOffset,
  };
  const columns = fillColumns(bench, compressed);
  return { kind: 'sparse', ...compressed, ...columns, center: centers(arena, encoding, scaling) };
}

function centers(arena: Arena, { slots, nFeatures }: BuiltEncoding, scaling: SlotScaling | null): Pointer {
  if (scaling?.mean.some((mean) => mean !== 0) !== true) return 0;
  const center = arena.allocateF64(nFeatures);
  for (let j = 0; j < nFeatures; j++) center[j] = scaling.mean[j] / scaling.scale[j];
  for (const column of slots) if (column.kind === 'numeric') center[column.feature] = 0;
  return center.byteOffset;
}

function numeric(column: NumericSlot, slot: number, scaling: SlotScaling | null): number {
  const x = !Number.isNaN(slot) ? slot : column.fill;
  return scaling === null
    ? x + column.reference
    : (x - scaling.slotMean[column.feature]) / scaling.scale[column.feature];
}

function one(scaling: SlotScaling | null, feature: number): number {
  return scaling === null ? 1 : (1 - scaling.mean[feature]) / scaling.scale[feature];
}
