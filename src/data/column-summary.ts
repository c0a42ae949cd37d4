import type { LevelCodes } from './level-codes.ts';
import { MISSING_CODE } from './level-codes.ts';
import {
  forEachBlock,
  SIDE_BY_SIDE,
  type SlotBench,
  type SlotRows,
  slotAddress,
  stateAddress,
} from './slot-rows.ts';

/** What the rows hold in one column. */
export interface ColumnSummary {
  /** Rows without a value. */
  readonly missing: number;
  /** Numeric: least and greatest slot (∞, −∞ where no row has a value). */
  readonly least: number;
  readonly greatest: number;
  /** Categorical: rows of each code; null for a numeric column. */
  readonly counts: Uint32Array | null;
}

/** One pass over the slots. */
export function summarizeColumns(
  bench: SlotBench,
  rows: SlotRows,
  levels: readonly (LevelCodes | null)[],
): ColumnSummary[] {
  const { state, kernels } = bench;
  const { nColumns, u32 } = rows;
  for (let k = 0; k < nColumns; k++) state.set([Infinity, -Infinity, 0], 4 * k);
  const missing = new Uint32Array(nColumns);
  const counts = levels.map((codes) => (codes === null ? null : new Uint32Array(codes.size)));
  forEachBlock(rows, bench, (first, count) => {
    for (let k = 0; k < nColumns; k += SIDE_BY_SIDE) {
      if (counts.slice(k, k + SIDE_BY_SIDE).every((column) => column !== null)) continue;
      kernels.slotRanges(slotAddress(rows, first, k), nColumns * 4, count, stateAddress(bench, k));
    }
    counts.forEach((column, k) => {
      if (column === null) return;
      for (let i = first, at = first * nColumns + k; i < first + count; i++, at += nColumns) {
        const code = u32[at];
        if (code === MISSING_CODE) missing[k]++;
        else column[code]++;
      }
    });
  });
  return counts.map((column, k) => ({
    missing: column === null ? state[4 * k + 2] : missing[k],
    least: state[4 * k],
    greatest: state[4 * k + 1],
    counts: column,
  }));
}
