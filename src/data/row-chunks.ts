import type { Arena, Pointer } from '../runtime/arena.ts';
import type { RowsInput } from './feature-input.ts';
import { copyRows, holdsSingle, suitableRows } from './row-blocks.ts';

/** Some rows without padding in the kernels' memory; four values more can be read. */
export interface RowChunk {
  readonly firstRow: number;
  readonly nRows: number;
  readonly rows: Pointer;
}

/** Dense features in the kernels' memory, a chunk of rows after the other. */
export interface RowChunks {
  /** Whether chunks hold f32, which are every value as it is, or f64. What is no number is NaN. */
  readonly single: boolean;
  /** Whether all rows are one chunk. */
  readonly isOne: boolean;
  /** Hands each chunk to `work`, which calls `copyNext` once while the chunk stands; null with the last. */
  each(work: (chunk: RowChunk, copyNext: (() => void) | null) => void): void;
}

/** Two of them lie in the second-level cache, and handing one to other threads costs little beside. */
const CHUNK_BYTES = 2 ** 20;

/**
 * Allocates room for two chunks, so that one can be copied while kernels work on the other. Where `place` has room for
 * all rows as f32 without padding, f32 rows stay there: each is copied once, and later they are one chunk.
 */
export function rowChunks(
  arena: Arena,
  X: RowsInput,
  nSamples: number,
  nFeatures: number,
  place: Pointer | null,
): RowChunks {
  const single = holdsSingle(X);
  const rowBytes = nFeatures * (single ? 4 : 8);
  const rowsInChunk = Math.min(nSamples, suitableRows(rowBytes, CHUNK_BYTES));
  const view = (pointer: Pointer, nRows: number) =>
    single ? arena.f32(pointer, nRows * nFeatures) : arena.f64(pointer, nRows * nFeatures);
  const stays = single && place !== null;
  const room = Array.from({ length: stays ? 0 : 2 }, () => arena.allocateUnset(rowsInChunk * rowBytes + 32));
  let staying = 0;

  function chunkAt(firstRow: number): RowChunk | null {
    if (firstRow === nSamples) return null;
    if (stays && staying === nSamples) return { firstRow, nRows: nSamples, rows: place };
    const nRows = Math.min(rowsInChunk, nSamples - firstRow);
    const rows = stays ? place + firstRow * rowBytes : room[(firstRow / rowsInChunk) % 2];
    copyRows(X, nFeatures, firstRow, nRows, view(rows, nRows));
    if (stays) staying = firstRow + nRows;
    return { firstRow, nRows, rows };
  }

  return {
    single,
    isOne: rowsInChunk === nSamples,
    each(work) {
      let next = chunkAt(0);
      while (next !== null) {
        const chunk: RowChunk = next;
        const end = chunk.firstRow + chunk.nRows;
        next = null;
        const copyNext = () => {
          next = chunkAt(end);
        };
        work(chunk, end === nSamples ? null : copyNext);
      }
    },
  };
}
