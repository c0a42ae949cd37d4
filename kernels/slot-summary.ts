/**
 * What the rows of slots hold, by shards of rows. All that is kept are least and greatest values and counts, so that it
 * does not matter how rows are cut into shards.
 * Written by src/data/column-summary.ts: keep both in step.
 */
@unmanaged
class SlotPass {
  rows: usize;
  rowBytes: u32;
  nRows: u32;
  shardRows: u32;
  /** Rows that are looked at group by group while they are in a cache */
  blockRows: u32;
  nColumns: u32;
  /** u32 × nColumns: 0 for a numeric column, else u32 × (1 + codes): rows with a missing value, and of each code */
  counts: usize;
  /** f32 × 8 for each four columns: the values that the middle lies between, the lower ones and the upper ones */
  bounds: usize;
  /** For each four columns and shard: least, greatest (f32 × 4 each), and u32 × 4 of each count that follows */
  stats: usize;
  /** f32 × room for each column: values between its bounds, in any order */
  between: usize;
  room: u32;
  /** u32 × nColumns, in lines of their own: how many came, more than `room` where they did not find any */
  came: usize;
}

const STATS_BYTES: usize = 96;
const LINE: usize = 64;

export function slotSummary(task: usize, shard: u32): void {
  const t = changetype<SlotPass>(task);
  const first = shard * t.shardRows;
  const last = min(first + t.shardRows, t.nRows);
  const nGroups = (t.nColumns + 3) >> 2;
  const stats = t.stats + <usize>(shard * nGroups) * STATS_BYTES;
  for (let g: usize = 0; g < nGroups; g++) clearStats(stats + g * STATS_BYTES);
  for (let begin = first; begin < last; begin += t.blockRows) {
    const count = min(t.blockRows, last - begin);
    const rows = t.rows + <usize>begin * t.rowBytes;
    for (let g: u32 = 0; g < nGroups; g++) {
      let numbers: u32 = 0;
      for (let k = g << 2; k < min((g + 1) << 2, t.nColumns); k++) {
        const counts = <usize>load<u32>(t.counts + ((<usize>k) << 2));
        if (counts === 0) numbers |= 1 << (k & 3);
        else countCodes(rows + ((<usize>k) << 2), t.rowBytes, count, counts);
      }
      if (numbers !== 0) summarize(t, rows, count, g, numbers, stats + <usize>g * STATS_BYTES);
    }
  }
}

function clearStats(stats: usize): void {
  v128.store(stats, f32x4.splat(Infinity));
  v128.store(stats, f32x4.splat(-Infinity), 16);
  for (let i: usize = 32; i < STATS_BYTES; i += 16) v128.store(stats + i, i32x4.splat(0));
}

/** A missing value has the code that one more than it is 0. */
function countCodes(x: usize, step: u32, nRows: u32, counts: usize): void {
  for (let i: u32 = 0; i < nRows; i++) {
    atomic.add<u32>(counts + ((<usize>(load<u32>(x) + 1)) << 2), 1);
    x += step;
  }
}

/** Four columns side by side; what lies in those that are no `numbers` may be anything. */
function summarize(t: SlotPass, rows: usize, nRows: u32, group: u32, numbers: u32, stats: usize): void {
  const low = v128.load(t.bounds + ((<usize>group) << 5));
  const high = v128.load(t.bounds + ((<usize>group) << 5), 16);
  const step = t.rowBytes;
  const begin = rows + ((<usize>group) << 4);
  let least = v128.load(stats);
  let greatest = v128.load(stats, 16);
  let missing = i32x4.splat(0);
  let below = i32x4.splat(0);
  let atLow = i32x4.splat(0);
  let atHigh = i32x4.splat(0);
  let between = i32x4.splat(0);
  let x = begin;
  for (let i: u32 = 0; i < nRows; i++) {
    const values = v128.load(x);
    // The first operand stays where the second is no number.
    least = f32x4.pmin(least, values);
    greatest = f32x4.pmax(greatest, values);
    missing = i32x4.sub(missing, f32x4.ne(values, values));
    below = i32x4.sub(below, f32x4.lt(values, low));
    atLow = i32x4.sub(atLow, f32x4.eq(values, low));
    atHigh = i32x4.sub(atHigh, f32x4.eq(values, high));
    between = i32x4.sub(between, v128.and(f32x4.gt(values, low), f32x4.lt(values, high)));
    x += step;
  }
  v128.store(stats, least);
  v128.store(stats, greatest, 16);
  v128.store(stats, i32x4.add(v128.load(stats, 32), missing), 32);
  v128.store(stats, i32x4.add(v128.load(stats, 48), below), 48);
  v128.store(stats, i32x4.add(v128.load(stats, 64), atLow), 64);
  v128.store(stats, i32x4.add(v128.load(stats, 80), atHigh), 80);
  gatherLane(t, begin, (group << 2) | 0, numbers, i32x4.extract_lane(between, 0));
  gatherLane(t, begin + 4, (group << 2) | 1, numbers >> 1, i32x4.extract_lane(between, 1));
  gatherLane(t, begin + 8, (group << 2) | 2, numbers >> 2, i32x4.extract_lane(between, 2));
  gatherLane(t, begin + 12, (group << 2) | 3, numbers >> 3, i32x4.extract_lane(between, 3));
}

/** Few: the middle of a column is known closely. */
function gatherLane(t: SlotPass, x: usize, column: u32, isNumber: u32, count: u32): void {
  if ((isNumber & 1) === 0 || count === 0) return;
  const at = atomic.add<u32>(t.came + <usize>column * LINE, count);
  if (at + count > t.room) return;
  const bounds = t.bounds + ((<usize>(column >> 2)) << 5) + ((<usize>(column & 3)) << 2);
  const low = load<f32>(bounds);
  const high = load<f32>(bounds, 16);
  const begin = t.between + (<usize>column * t.room + at) * 4;
  const end = begin + ((<usize>count) << 2);
  // Written in any case, and over again by the next unless it was one: a branch could not be foreseen.
  for (let out = begin; out < end; x += t.rowBytes) {
    const value = load<f32>(x);
    store<f32>(out, value);
    out += (<usize>(u32(value > low) & u32(value < high))) << 2;
  }
}

/** Copies the numbers of a column to `out`, without missing ones, and returns how many they are. */
export function presentSlots(x: usize, step: u32, nRows: u32, out: usize): u32 {
  const begin = out;
  for (let i: u32 = 0; i < nRows; i++) {
    const value = load<f32>(x);
    store<f32>(out, value);
    out += (<usize>u32(!isNaN(value))) << 2;
    x += step;
  }
  return <u32>((out - begin) >> 2);
}
