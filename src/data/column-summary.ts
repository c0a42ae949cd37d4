import type { LevelCodes } from './level-codes.ts';
import { MISSING_CODE } from './level-codes.ts';
import type { SlotRows } from './slot-rows.ts';

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
export function summarizeColumns(rows: SlotRows, levels: readonly (LevelCodes | null)[]): ColumnSummary[] {
  const { nRows, nColumns, f32, u32 } = rows;
  const missing = new Uint32Array(nColumns);
  const least = new Float64Array(nColumns).fill(Infinity);
  const greatest = new Float64Array(nColumns).fill(-Infinity);
  const counts = levels.map((codes) => (codes === null ? null : new Uint32Array(codes.size)));
  for (let i = 0; i < nRows; i++) {
    const start = i * nColumns;
    for (let k = 0; k < nColumns; k++) {
      const count = counts[k];
      if (count !== null) {
        const code = u32[start + k];
        if (code === MISSING_CODE) missing[k]++;
        else count[code]++;
        continue;
      }
      const x = f32[start + k];
      if (x < least[k]) least[k] = x;
      if (x > greatest[k]) greatest[k] = x;
      if (Number.isNaN(x)) missing[k]++;
    }
  }
  return levels.map((_, k) => ({
    missing: missing[k],
    least: least[k],
    greatest: greatest[k],
    counts: counts[k],
  }));
}
