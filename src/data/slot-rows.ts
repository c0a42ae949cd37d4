import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Rows of 4-byte slots: numbers as f32(x − reference), NaN where missing, or codes as u32. */
export interface SlotRows {
  readonly nRows: number;
  readonly nColumns: number;
  readonly f32: Float32Array;
  /** The same bytes. */
  readonly u32: Uint32Array;
}

export function slotRows(arena: Arena, pointer: Pointer, nRows: number, nColumns: number): SlotRows {
  return {
    nRows,
    nColumns,
    f32: arena.f32(pointer, nRows * nColumns),
    u32: arena.u32(pointer, nRows * nColumns),
  };
}

/** Copies the rows that `heldOut` marks out of the block, and closes the gaps between the others in place. */
export function separateRows(rows: SlotRows, heldOut: Uint8Array): { training: SlotRows; heldOut: SlotRows } {
  const { nRows, nColumns, u32 } = rows;
  let nHeldOut = 0;
  for (let i = 0; i < nRows; i++) nHeldOut += heldOut[i];
  const apart = new Uint32Array(nHeldOut * nColumns);
  let kept = 0;
  let taken = 0;
  for (let i = 0; i < nRows; i++) {
    const start = i * nColumns;
    if (heldOut[i] === 1) {
      for (let k = 0; k < nColumns; k++) apart[taken++] = u32[start + k];
    } else {
      for (let k = 0; k < nColumns; k++) u32[kept++] = u32[start + k];
    }
  }
  return {
    training: {
      nRows: nRows - nHeldOut,
      nColumns,
      f32: rows.f32.subarray(0, kept),
      u32: u32.subarray(0, kept),
    },
    heldOut: { nRows: nHeldOut, nColumns, f32: new Float32Array(apart.buffer), u32: apart },
  };
}

/** What passes over slot rows work with: kernels and threads, and room beside the slots, which are the last of the arena. */
export interface SlotBench extends Pick<Runtime, 'arena' | 'kernels' | 'run'> {
  /** Rows that are worked on together */
  readonly blockRows: number;
  /** f64 × blockRows: the weights of a block */
  readonly weights: Pointer;
  /** Four f64 a column: what a kernel gathers of it */
  readonly state: Float64Array;
}

/** Address of column k's state. */
export function stateAddress({ state }: SlotBench, k: number): Pointer {
  return state.byteOffset + k * 32;
}

/** A block of slots stays in the first- or second-level cache from its first column to its last. */
const BLOCK_BYTES = 1 << 18;
const MOST_BLOCK_ROWS = 2048;
/** Columns that kernels take at once; beside the last ones they read what follows, but make nothing of it. */
export const SIDE_BY_SIDE = 4;

/** Allocates the room; to be called before the slots are. */
export function slotBench(runtime: Runtime, nColumns: number): SlotBench {
  const { arena, kernels } = runtime;
  const blockRows = Math.max(1, Math.min(MOST_BLOCK_ROWS, Math.floor(BLOCK_BYTES / (4 * nColumns))));
  return {
    arena,
    kernels,
    run: (...pass) => runtime.run(...pass),
    blockRows,
    weights: arena.allocateUnset(blockRows * 8),
    state: arena.allocateF64(4 * nColumns),
  };
}

/** Calls `visit` for each block of rows in order: its first row, and how many rows it has. */
export function forEachBlock(
  { nRows }: SlotRows,
  { blockRows }: SlotBench,
  visit: (first: number, count: number) => void,
): void {
  for (let first = 0; first < nRows; first += blockRows) visit(first, Math.min(blockRows, nRows - first));
}

/** Address of row i's slot k. The rows lie in the arena. */
export function slotAddress({ f32, nColumns }: SlotRows, i: number, k: number): Pointer {
  return f32.byteOffset + (i * nColumns + k) * 4;
}
