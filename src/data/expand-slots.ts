import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type DenseMatrix, denseStride, type SparseMatrix } from './design-matrix.ts';
import type { BuiltEncoding, CategoricalSlot, NumericSlot } from './slot-encoder.ts';
import { SIDE_BY_SIDE, type SlotBench, type SlotRows } from './slot-rows.ts';
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
 * bytes and is the last of the arena; it grows or shrinks to the size of the matrix. Some blocks of rows are taken
 * at once, from the last to the first where rows grow, and from the first where they shrink, and copied before they
 * are written over, so that no row is lost.
 */
export function expandDense(
  bench: SlotBench,
  pointer: Pointer,
  bytes: number,
  rows: SlotRows,
  encoding: BuiltEncoding,
  scaling: SlotScaling | null,
): DenseMatrix {
  const { arena, blockRows, run } = bench;
  const { nRows, nColumns } = rows;
  const { nFeatures } = encoding;
  const stride = denseStride(nFeatures);
  const needed = Math.ceil((nRows * stride * 4) / 64) * 64;
  if (needed > bytes) arena.allocateUnset(needed - bytes);
  const template = zeroRow(arena, stride, nFeatures, scaling);
  const columns = placeColumns(arena, encoding, scaling);
  const task = arena.allocateU32(TASK_WORDS);
  const together = BLOCKS_TOGETHER * blockRows;
  const copies = arena.allocateUnset(Math.min(nRows, together) * nColumns * 4);
  const nParts = Math.ceil(nRows / together);
  for (let part = 0; part < nParts; part++) {
    const first = (stride > nColumns ? nParts - 1 - part : part) * together;
    const count = Math.min(together, nRows - first);
    task.set([pointer + first * nColumns * 4, copies, nColumns * 4, blockRows, count]);
    task.set([pointer + first * stride * 4, stride * 4, template, columns.pointer, columns.length], 5);
    run('copySlots', task.byteOffset, Math.ceil(count / blockRows));
    run('expandSlots', task.byteOffset, Math.ceil(count / blockRows));
  }
  arena.release(pointer + needed);
  return { kind: 'dense', nSamples: nRows, nFeatures, stride, values: pointer };
}

/** Blocks that are copied and then written over by several threads, up to four of which have two of them each. */
const BLOCKS_TOGETHER = 8;
/** As in kernels/expand-slots.ts. */
const TASK_WORDS = 10;
const COLUMN_WORDS = 6;
const NUMBER = 0;
const NUMBERS = 1;
const CODE = 2;

/** The columns as the kernel takes them, four numbers together where nothing lies between them. */
function placeColumns(
  arena: Arena,
  { slots }: BuiltEncoding,
  scaling: SlotScaling | null,
): { readonly pointer: Pointer; readonly length: number } {
  const words = arena.allocateU32(slots.length * COLUMN_WORDS);
  let length = 0;
  for (let c = 0; c < slots.length; length++) {
    const column = slots[c];
    const entry = [CODE, column.slot * 4, column.feature * 4, -1, 0, 0];
    if (column.kind === 'numeric') {
      const { slot, indicator } = column;
      const run = slots
        .slice(c, c + SIDE_BY_SIDE)
        .filter((x, k) => x.kind === 'numeric' && x.indicator < 0 && x.slot === slot + k);
      const numbers = run.length === SIDE_BY_SIDE ? (run as NumericSlot[]) : [column];
      entry[0] = numbers.length === SIDE_BY_SIDE ? NUMBERS : NUMBER;
      entry[5] = placeNumbers(arena, numbers, scaling);
      if (indicator >= 0) {
        entry[3] = indicator * 4;
        entry[4] = bitsOf(one(scaling, indicator));
      }
      c += numbers.length;
    } else {
      entry[5] = placeFeatures(arena, column, scaling);
      c++;
    }
    words.set(entry, length * COLUMN_WORDS);
  }
  return { pointer: words.byteOffset, length };
}

/** Fills, means and scales. */
function placeNumbers(arena: Arena, numbers: readonly NumericSlot[], scaling: SlotScaling | null): Pointer {
  const values = arena.allocateF64(3 * numbers.length);
  numbers.forEach(({ feature, fill, reference }, k) => {
    values[k] = fill;
    values[numbers.length + k] = scaling === null ? -reference : scaling.slotMean[feature];
    values[2 * numbers.length + k] = scaling === null ? 1 : scaling.scale[feature];
  });
  return values.byteOffset;
}

/** What a missing text and each code become. */
function placeFeatures(arena: Arena, column: CategoricalSlot, scaling: SlotScaling | null): Pointer {
  const features = [column.missingFeature, ...column.featureOfCode];
  const entries = arena.allocateU32(2 * features.length);
  features.forEach((feature, i) => {
    entries[2 * i] = feature < 0 ? -1 : feature * 4;
    entries[2 * i + 1] = feature < 0 ? 0 : bitsOf(one(scaling, feature));
  });
  return entries.byteOffset;
}

/** x as f32, by its bits. */
function bitsOf(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0];
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
  bench: Pick<Runtime, 'arena' | 'kernels' | 'run'>,
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
