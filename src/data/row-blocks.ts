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
export const BLOCK_BYTES = 32768;
const FEWEST_ROWS = 8;

/** Allocates room for one block, of a multiple of `together` rows. */
export function rowBlocks(
  arena: Arena,
  X: RowsInput,
  nSamples: number,
  nFeatures: number,
  { together = 1 }: { readonly together?: number } = {},
): RowBlocks {
  const single = holdsSingle(X);
  const suitable = Math.min(nSamples, suitableRows(nFeatures * (single ? 4 : 8), BLOCK_BYTES));
  const rowsInBlock = Math.ceil(suitable / together) * together;
  const length = rowsInBlock * nFeatures + 4;
  const block = single ? arena.allocateF32(length) : arena.allocateF64(length);
  return {
    single,
    rowsInBlock,
    stage(firstRow, nRows) {
      copyRows(X, nFeatures, firstRow, nRows, block);
      return block.byteOffset;
    },
  };
}

/** Whether single precision holds every value as it is. */
export function holdsSingle(X: RowsInput): boolean {
  return isDenseInput(X) && fitsSingle(X.values);
}

/** Rows that fill so many bytes, but a few at least. */
export function suitableRows(rowBytes: number, bytes: number): number {
  return Math.max(FEWEST_ROWS, Math.floor(bytes / rowBytes));
}

/** Rows without padding to the beginning of `to`. What is no number becomes NaN. */
export function copyRows(
  X: RowsInput,
  nFeatures: number,
  firstRow: number,
  nRows: number,
  to: Float32Array | Float64Array,
): void {
  if (isDenseInput(X)) {
    copyNumbers(X.values, firstRow * nFeatures, nRows * nFeatures, to, 0);
  } else {
    for (let i = 0; i < nRows; i++) copyNumbers(X[firstRow + i], 0, nFeatures, to, i * nFeatures);
  }
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
