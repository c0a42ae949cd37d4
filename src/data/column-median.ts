import {
  forEachBlock,
  SIDE_BY_SIDE,
  type SlotBench,
  type SlotRows,
  slotAddress,
  stateAddress,
} from './slot-rows.ts';

/** A numeric column: its slot, its rows with a value (at least one), and what its slots are relative to. */
export interface MedianColumn {
  readonly slot: number;
  readonly present: number;
  readonly reference: number;
}

/**
 * The medians of the present numbers of columns, in original units: the middle one, or the mean of the two middle
 * ones. A sample of the rows tells two values that the middle most likely lies between; one pass then counts what is
 * below, and gathers what is between (Floyd & Rivest 1975).
 */
export function columnMedians(
  bench: SlotBench,
  rows: SlotRows,
  columns: readonly MedianColumn[],
): readonly number[] {
  const brackets = columns.map(({ slot }) => sampleBracket(rows, slot));
  gather(bench, rows, columns, brackets);
  columns.forEach(({ slot }, c) => {
    brackets[c].counts.set(bench.arena.u32(stateAddress(bench, slot), 3));
  });
  return columns.map(({ slot, present, reference }, c) => {
    const [lower, upper] = [(present - 1) >> 1, present >> 1].map((rank) =>
      spelledOut(itemOf(brackets[c], rank) ?? sorted(rows, slot)[rank], reference),
    );
    return lower === upper ? lower : lower + (upper - lower) / 2;
  });
}

/** Two values of a column, and the others by where they lie. */
interface Bracket {
  readonly low: number;
  readonly high: number;
  /** Values below `low`, at it, and at `high` */
  readonly counts: Uint32Array;
  /** The values between */
  between: Float32Array;
  nBetween: number;
}

/** One row in so many is in the sample, and at least and at most so many rows. */
const SAMPLED = 64;
const LEAST_SAMPLE = 512;
const LARGEST_SAMPLE = 4096;
/** Standard deviations of the middle's rank in a sample: once in some ten thousand columns it lies outside. */
const DEVIATIONS = 4;

function sampleBracket({ nRows, nColumns, f32 }: SlotRows, slot: number): Bracket {
  const size = Math.min(nRows, Math.max(LEAST_SAMPLE, Math.min(LARGEST_SAMPLE, Math.floor(nRows / SAMPLED))));
  const values = new Float32Array(size);
  let n = 0;
  for (let s = 0; s < size; s++) {
    const x = f32[Math.floor(((s + 0.5) * nRows) / size) * nColumns + slot];
    if (!Number.isNaN(x)) values[n++] = x;
  }
  const sample = values.subarray(0, n);
  const spread = (DEVIATIONS / 2) * Math.sqrt(n) + 1;
  // An infinity where the sample holds too little: no slot is one.
  const lower = Math.floor(n / 2 - spread);
  const upper = Math.ceil(n / 2 + spread);
  const low = lower >= 0 ? select(sample, lower) : -Infinity;
  const high = upper < n ? select(sample, upper) : Infinity;
  return { low, high, counts: new Uint32Array(3), between: new Float32Array(0), nBetween: 0 };
}

function gather(
  bench: SlotBench,
  rows: SlotRows,
  columns: readonly MedianColumn[],
  brackets: readonly Bracket[],
): void {
  const { arena, kernels, state, values, blockRows } = bench;
  const room = blockRows * 4;
  const bounds = arena.f32(bench.bounds, 2 * SIDE_BY_SIDE);
  const ends = arena.u32(bench.ends, SIDE_BY_SIDE);
  const groups = sideBySide(columns, brackets);
  state.fill(0);
  forEachBlock(rows, bench, (first, count) => {
    for (const [slot, group] of groups) {
      group.forEach((bracket, k) => {
        // Nothing lies between where there is no bracket.
        bounds[k] = bracket?.low ?? Infinity;
        bounds[k + SIDE_BY_SIDE] = bracket?.high ?? -Infinity;
      });
      const x = slotAddress(rows, first, slot);
      const counts = stateAddress(bench, slot);
      kernels.slotsBetween(x, rows.nColumns * 4, count, bench.bounds, counts, values, room, bench.ends);
      group.forEach((bracket, k) => {
        const begin = values + k * room;
        if (bracket !== null) append(bracket, arena.f32(begin, (ends[k] - begin) / 4));
      });
    }
  });
}

/** The brackets of columns that the kernel takes at once, by the first of their slots; null for what is no such column. */
function sideBySide(
  columns: readonly MedianColumn[],
  brackets: readonly Bracket[],
): ReadonlyMap<number, (Bracket | null)[]> {
  const groups = new Map<number, (Bracket | null)[]>();
  columns.forEach(({ slot }, c) => {
    const k = slot % SIDE_BY_SIDE;
    const group = groups.get(slot - k) ?? new Array<Bracket | null>(SIDE_BY_SIDE).fill(null);
    group[k] = brackets[c];
    groups.set(slot - k, group);
  });
  return groups;
}

function append(bracket: Bracket, values: Float32Array): void {
  const length = bracket.nBetween + values.length;
  if (length > bracket.between.length) {
    const larger = new Float32Array(Math.max(64, 2 * length));
    larger.set(bracket.between.subarray(0, bracket.nBetween));
    bracket.between = larger;
  }
  bracket.between.set(values, bracket.nBetween);
  bracket.nBetween = length;
}

/** The value of this rank, or undefined where it lies outside of the bracket. */
function itemOf(bracket: Bracket, rank: number): number | undefined {
  const { low, high, nBetween } = bracket;
  const [below, atLow, atHigh] = bracket.counts;
  let rest = rank - below;
  if (rest < 0) return undefined;
  if (rest < atLow) return low;
  rest -= atLow;
  if (rest < nBetween) {
    return select(bracket.between.subarray(0, nBetween), rest);
  }
  rest -= nBetween;
  // Where both ends are one value, it was counted at `low`.
  return low < high && rest < atHigh ? high : undefined;
}

/** The value of this rank; values are put in another order (Hoare 1961, "Find"). */
function select(values: Float32Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1];
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const x = values[i];
      values[i++] = values[j];
      values[j--] = x;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else return values[rank];
  }
  return values[rank];
}

/** All present values of a column in order. */
function sorted({ nRows, nColumns, f32 }: SlotRows, slot: number): Float32Array {
  const values = new Float32Array(nRows);
  let n = 0;
  for (let i = 0; i < nRows; i++) {
    const x = f32[i * nColumns + slot];
    if (!Number.isNaN(x)) values[n++] = x;
  }
  return values.subarray(0, n).sort();
}

/** The shortest decimal that the slot can stand for: 5.1, not 5.099999904632568. */
function spelledOut(slot: number, reference: number): number {
  const exact = reference + slot;
  for (let digits = 1; digits <= 15; digits++) {
    const short = Number(exact.toPrecision(digits));
    if (Math.fround(short - reference) === slot) return short;
  }
  return exact;
}
