import type { Arena, Pointer } from '../runtime/arena.ts';
import { isDenseInput, type RowsInput } from './feature-input.ts';

/** Dense features, a block of rows at a time, in the kernels' memory. */
export interface RowBlocks {
  /** Whether blocks hold f32, which are every value as it is, or f64. */
  readonly single: boolean;
  /** Rows in a block; the last may have fewer. */
  readonly rowsInBlock: number;
  /** The rows without padding, until the next call; four values more can be read. What is no number becomes NaN. */
  stage(firstRow: number, nRows: number): Pointer;
}

/** A first-level cache holds most of it; of long rows a few, since statistics are read and written once a block. */
const BLOCK_BYTES = 32768;
const FEWEST_ROWS = 8;

/**
 * Allocates room for one block, of a multiple of `together` rows. Where `place` has room for all rows as f32 without
 * padding, f32 blocks lie there one after the other: each row is copied once, however often it is staged.
 */
export function rowBlocks(
  arena: Arena,
  X: RowsInput,
  nSamples: number,
  nFeatures: number,
  { together = 1, place = null }: { readonly together?: number; readonly place?: Pointer | null } = {},
): RowBlocks {
  const single = isDenseInput(X) && fitsSingle(X.values);
  if (single && place !== null) return placedBlocks(arena, X.values, nSamples, nFeatures, place);
  const suitable = suitableRows(nSamples, nFeatures * (single ? 4 : 8));
  const rowsInBlock = Math.ceil(suitable / together) * together;
  const length = rowsInBlock * nFeatures + 4;
  const block = single ? arena.allocateF32(length) : arena.allocateF64(length);
  return {
    single,
    rowsInBlock,
    stage(firstRow, nRows) {
      if (isDenseInput(X)) {
        copyNumbers(X.values, firstRow * nFeatures, nRows * nFeatures, block, 0);
      } else {
        for (let i = 0; i < nRows; i++) copyNumbers(X[firstRow + i], 0, nFeatures, block, i * nFeatures);
      }
      return block.byteOffset;
    },
  };
}

function suitableRows(nSamples: number, rowBytes: number): number {
  return Math.min(nSamples, Math.max(FEWEST_ROWS, Math.floor(BLOCK_BYTES / rowBytes)));
}

function placedBlocks(
  arena: Arena,
  values: ArrayLike<number>,
  nSamples: number,
  nFeatures: number,
  place: Pointer,
): RowBlocks {
  const rows = arena.f32(place, nSamples * nFeatures);
  let staged = 0;
  return {
    single: true,
    rowsInBlock: suitableRows(nSamples, nFeatures * 4),
    stage(firstRow, nRows) {
      if (firstRow >= staged) {
        copyNumbers(values, firstRow * nFeatures, nRows * nFeatures, rows, firstRow * nFeatures);
        staged = firstRow + nRows;
      }
      return place + 4 * firstRow * nFeatures;
    },
  };
}

/** From this length on `set` is faster than a loop. */
const SET_LENGTH = 16;

function copyNumbers(
  from: ArrayLike<number>,
  begin: number,
  length: number,
  to: Float32Array | Float64Array,
  at: number,
): void {
  if (length >= SET_LENGTH && isNumberArray(from)) {
    to.set(from.subarray(begin, begin + length), at);
    return;
  }
  for (let t = 0; t < length; t++) {
    const x = from[begin + t];
    to[at + t] = typeof x === 'number' ? x : NaN;
  }
}

function fitsSingle(values: ArrayLike<number>): boolean {
  return isNumberArray(values) && (values.BYTES_PER_ELEMENT <= 2 || values instanceof Float32Array);
}

type NumberArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

function isNumberArray(values: ArrayLike<number>): values is NumberArray {
  return ArrayBuffer.isView(values) && typeof values[0] === 'number';
}
