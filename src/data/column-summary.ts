import { columnMiddles, type Middles, sampleBrackets } from './column-median.ts';
import type { LevelCodes } from './level-codes.ts';
import { SIDE_BY_SIDE, type SlotBench, type SlotRows } from './slot-rows.ts';

/** What the rows hold in one column. */
export interface ColumnSummary {
  /** Rows without a value. */
  readonly missing: number;
  /** Numeric: least and greatest slot (∞, −∞ where no row has a value). */
  readonly least: number;
  readonly greatest: number;
  /** Numeric: the slots in the middle of those with a value, the same twice where their number is odd; NaN for none. */
  readonly middle: Middles;
  /** Categorical: rows of each code; null for a numeric column. */
  readonly counts: Uint32Array | null;
}

/** Shards enough for any number of threads, of rows enough that what is kept of a shard is little beside it. */
const MOST_SHARDS = 64;
const FEWEST_ROWS = 256;
/** Words that kernels/slot-summary.ts keeps of SIDE_BY_SIDE columns for each shard, and those of its task. */
const STATS_WORDS = 24;
const TASK_WORDS = 12;

/** One pass over the slots, by the kernel slotSummary. They are the last of the arena. */
export function summarizeColumns(
  bench: SlotBench,
  rows: SlotRows,
  levels: readonly (LevelCodes | null)[],
): ColumnSummary[] {
  const { arena, blockRows } = bench;
  const { nRows, nColumns } = rows;
  const mark = arena.mark();
  const numeric = levels.flatMap((codes, k) => (codes === null ? [k] : []));
  const brackets = sampleBrackets(bench, rows, numeric);
  const counts = levels.map((codes) => (codes === null ? null : arena.allocateU32(1 + codes.size)));
  const countsOf = arena.allocateU32(nColumns);
  countsOf.set(counts.map((column) => column?.byteOffset ?? 0));
  const shardBlocks = Math.ceil(Math.max(FEWEST_ROWS, nRows / MOST_SHARDS) / blockRows);
  const shardRows = shardBlocks * blockRows;
  const nShards = Math.ceil(nRows / shardRows);
  const shardWords = STATS_WORDS * Math.ceil(nColumns / SIDE_BY_SIDE);
  const stats = arena.allocateUnset(nShards * shardWords * 4);
  const task = arena.allocateU32(TASK_WORDS);
  const { bounds, between, room, came } = brackets;
  task.set([rows.f32.byteOffset, nColumns * 4, nRows, shardRows, blockRows, nColumns, countsOf.byteOffset]);
  task.set([bounds.byteOffset, stats, between, room, came.byteOffset], 7);
  bench.run('slotSummary', task.byteOffset, nShards);

  const f32 = arena.f32(stats, nShards * shardWords);
  const u32 = arena.u32(stats, nShards * shardWords);
  const found = numeric.map((k) => {
    const column = { k, least: Infinity, greatest: -Infinity, missing: 0, below: 0, atLow: 0, atHigh: 0 };
    for (let shard = 0; shard < nShards; shard++) {
      const at = shard * shardWords + Math.floor(k / SIDE_BY_SIDE) * STATS_WORDS + (k % SIDE_BY_SIDE);
      column.least = Math.min(column.least, f32[at]);
      column.greatest = Math.max(column.greatest, f32[at + 4]);
      column.missing += u32[at + 8];
      column.below += u32[at + 12];
      column.atLow += u32[at + 16];
      column.atHigh += u32[at + 20];
    }
    return column;
  });
  const middles = columnMiddles(bench, rows, brackets, found);
  let next = 0;
  const summaries = counts.map((column): ColumnSummary => {
    if (column !== null) {
      const all = column.slice();
      return { missing: all[0], least: 0, greatest: 0, middle: NONE, counts: all.subarray(1) };
    }
    const { missing, least, greatest } = found[next];
    return { missing, least, greatest, middle: middles[next++], counts: null };
  });
  arena.release(mark);
  return summaries;
}

const NONE: Middles = [Number.NaN, Number.NaN];
