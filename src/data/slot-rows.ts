import type { Arena, Pointer } from '../runtime/arena.ts';

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
