/**
 * Blocks of slot rows → rows of the design matrix. A caller first copies some blocks, as the matrix is written over the
 * slots that it comes from.
 * Written by src/data/expand-slots.ts: keep both in step.
 */
@unmanaged
class ExpandTask {
  /** The first of the blocks, and room for as many */
  rows: usize;
  copies: usize;
  rowBytes: u32;
  blockRows: u32;
  /** Rows of all blocks */
  nRows: u32;
  /** f32 × outBytes / 4 for each row, a multiple of 16 bytes */
  out: usize;
  outBytes: u32;
  /** A row in which every feature is 0 */
  template: usize;
  /** ExpandColumn × nColumns */
  columns: usize;
  nColumns: u32;
}

/** A number, four numbers side by side without indicators, or a code. */
const NUMBER: u32 = 0;
const NUMBERS: u32 = 1;

@unmanaged
class ExpandColumn {
  kind: u32;
  /** Bytes from the begin of the row to the slot, and to the feature */
  slot: u32;
  feature: u32;
  /** The feature that a missing number sets, or −1 */
  indicator: i32;
  indicated: f32;
  /**
   * Numbers: f64 × n each, fills, means and scales. A code: for a missing text and then for each code the feature, in
   * bytes, and the f32 that it becomes; −1 where it sets none.
   */
  values: usize;
}

/** Shard s copies block s. */
export function copySlots(task: usize, shard: u32): void {
  const t = changetype<ExpandTask>(task);
  const first = shard * t.blockRows;
  const at = <usize>first * t.rowBytes;
  memory.copy(t.copies + at, t.rows + at, <usize>min(t.blockRows, t.nRows - first) * t.rowBytes);
}

/** Shard s expands the copy of block s: (x − mean) / scale in f64, rounded. */
export function expandSlots(task: usize, shard: u32): void {
  const t = changetype<ExpandTask>(task);
  const first = shard * t.blockRows;
  const last = min(first + t.blockRows, t.nRows);
  const columns = t.columns;
  const end = columns + <usize>t.nColumns * offsetof<ExpandColumn>();
  const outBytes = <usize>t.outBytes;
  const template = t.template;
  let row = t.copies + <usize>first * t.rowBytes;
  let out = t.out + first * outBytes;
  for (let i = first; i < last; i++) {
    for (let j: usize = 0; j < outBytes; j += 16) v128.store(out + j, v128.load(template + j));
    for (let at = columns; at < end; at += offsetof<ExpandColumn>()) {
      const column = changetype<ExpandColumn>(at);
      const slot = row + column.slot;
      const feature = out + column.feature;
      const values = column.values;
      if (column.kind === NUMBERS) {
        const x = v128.load(slot);
        const pair = i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
        const low = f32x4.demote_f64x2_zero(placed(f64x2.promote_low_f32x4(x), values));
        const high = f32x4.demote_f64x2_zero(placed(f64x2.promote_low_f32x4(pair), values + 16));
        v128.store(feature, i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
      } else if (column.kind === NUMBER) {
        const x = <f64>load<f32>(slot);
        const missing = isNaN(x);
        const present = missing ? load<f64>(values) : x;
        store<f32>(feature, <f32>((present - load<f64>(values, 8)) / load<f64>(values, 16)));
        if (missing && column.indicator >= 0) store<f32>(out + column.indicator, column.indicated);
      } else {
        const entry = values + ((<usize>(load<u32>(slot) + 1)) << 3);
        if (load<i32>(entry) >= 0) store<f32>(out + load<u32>(entry), load<f32>(entry, 4));
      }
    }
    row += t.rowBytes;
    out += outBytes;
  }
}

/** (x − mean) / scale of two columns; fills, means and scales of four lie 32 bytes apart. */
function placed(x: v128, values: usize): v128 {
  const present = v128.bitselect(x, v128.load(values), f64x2.eq(x, x));
  return f64x2.div(f64x2.sub(present, v128.load(values, 32)), v128.load(values, 64));
}
