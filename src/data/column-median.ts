import type { Pointer } from '../runtime/arena.ts';
import { SIDE_BY_SIDE, type SlotBench, type SlotRows, slotAddress } from './slot-rows.ts';

/** The two numbers in the middle of a column, or one twice. */
export type Middles = readonly [lower: number, upper: number];

/**
 * Values that the middle of each column most likely lies between, by a sample of its rows, and room for those between
 * them (Floyd & Rivest 1975): one pass counts what is below, and gathers what is between.
 */
export interface Brackets {
  /** f32 × 8 for each four columns: the lower values, and the upper ones */
  readonly bounds: Float32Array;
  /** f32 × room for each column */
  readonly between: Pointer;
  readonly room: number;
  /** How many of a column's values are between, at every sixteenth place; they are there where they found room. */
  readonly came: Uint32Array;
  /** Room for what selectRanks takes, one for each column */
  readonly ranks: Pointer;
}

/** What a pass counted in a numeric column. */
export interface CountedColumn {
  readonly k: number;
  readonly missing: number;
  /** Values below the lower bound, at it, and at the upper one */
  readonly below: number;
  readonly atLow: number;
  readonly atHigh: number;
}

/** One row in so many is in the sample, and at least and at most so many rows. */
const SAMPLED = 64;
const LEAST_SAMPLE = 512;
const LARGEST_SAMPLE = 4096;
/** Standard deviations of the middle's rank in a sample: once in some ten thousand columns it lies outside. */
const DEVIATIONS = 4;
/** Room for twice as many values as are expected between: in columns in order they are as many in every sample. */
const ROOM = 2 * DEVIATIONS;

/** Words of a list whose ranks are asked for, as in kernels/select-ranks.ts. */
const RANK_WORDS = 6;
/** Words of a cache line: counters that several threads add to lie in one each. */
const LINE_WORDS = 16;
/** A rank that is not asked for */
const NO_RANK = 0xffffffff;

/** Allocates behind the slots. */
export function sampleBrackets(bench: SlotBench, rows: SlotRows, columns: readonly number[]): Brackets {
  const { arena, kernels } = bench;
  const { nRows, nColumns } = rows;
  const size = Math.min(nRows, Math.max(LEAST_SAMPLE, Math.min(LARGEST_SAMPLE, Math.floor(nRows / SAMPLED))));
  const room = Math.min(nRows, Math.max(size, Math.ceil((ROOM * nRows) / Math.sqrt(size))));
  const bounds = arena.allocateF32(2 * SIDE_BY_SIDE * Math.ceil(nColumns / SIDE_BY_SIDE));
  const came = arena.allocateU32(LINE_WORDS * nColumns);
  const ranks = arena.allocateUnset(nColumns * RANK_WORDS * 4);
  const between = arena.allocateUnset(nColumns * room * 4);
  const brackets = { bounds, between, room, came, ranks };
  const mark = arena.mark();
  const sample = size === nRows ? rows.f32.byteOffset : sampleRows(bench, rows, size);
  const asked = columns.map((k) => {
    const values = between + k * room * 4;
    const n = kernels.presentSlots(sample + k * 4, nColumns * 4, size, values);
    const spread = (DEVIATIONS / 2) * Math.sqrt(n) + 1;
    const [lower, upper] = [Math.floor(n / 2 - spread), Math.ceil(n / 2 + spread)];
    return { k, length: n, first: lower >= 0 ? lower : NO_RANK, second: upper < n ? upper : NO_RANK };
  });
  arena.release(mark);
  const found = ranked(bench, brackets, asked);
  asked.forEach(({ k, first, second }, c) => {
    const at = boundsAt(k);
    // An infinity where the sample holds too little: no slot is one.
    bounds[at] = first === NO_RANK ? -Infinity : found[c][0];
    bounds[at + SIDE_BY_SIDE] = second === NO_RANK ? Infinity : found[c][1];
  });
  return brackets;
}

/** The middle of each column's present values; NaN where there are none. */
export function columnMiddles(
  bench: SlotBench,
  rows: SlotRows,
  brackets: Brackets,
  columns: readonly CountedColumn[],
): readonly Middles[] {
  const places = columns.map((column) => {
    const present = rows.nRows - column.missing;
    return [(present - 1) >> 1, present >> 1].map((rank) => placeOf(brackets, column, rank));
  });
  const asked = columns.map(({ k }, c) => {
    const [first, second] = places[c].map((place) => (place.kind === 'between' ? place.rank : NO_RANK));
    return { k, length: Math.min(brackets.came[k * LINE_WORDS], brackets.room), first, second };
  });
  const found = ranked(bench, brackets, asked);
  return columns.map(({ k, missing }, c): Middles => {
    if (missing === rows.nRows) return [Number.NaN, Number.NaN];
    let all: Float32Array | null = null;
    const [lower, upper] = places[c].map((place, i) => {
      if (place.kind === 'known') return place.value;
      if (place.kind === 'between') return found[c][i];
      all ??= sorted(rows, k);
      return all[place.rank];
    });
    return [lower, upper];
  });
}

/** Where the lower bound of column k is; the upper one lies SIDE_BY_SIDE behind. */
function boundsAt(k: number): number {
  return Math.floor(k / SIDE_BY_SIDE) * 2 * SIDE_BY_SIDE + (k % SIDE_BY_SIDE);
}

/** Where the value of a rank is: one of the bounds, between them, or outside. */
type Place =
  | { readonly kind: 'known'; readonly value: number }
  | { readonly kind: 'between' | 'outside'; readonly rank: number };

function placeOf({ bounds, came, room }: Brackets, column: CountedColumn, rank: number): Place {
  const { k, below, atLow, atHigh } = column;
  const at = boundsAt(k);
  const [low, high] = [bounds[at], bounds[at + SIDE_BY_SIDE]];
  const nBetween = came[k * LINE_WORDS];
  const above = rank - below - atLow - nBetween;
  if (rank < below || nBetween > room) return { kind: 'outside', rank };
  if (rank < below + atLow) return { kind: 'known', value: low };
  if (above < 0) return { kind: 'between', rank: rank - below - atLow };
  // Where both ends are one value, it was counted at `low`.
  return low < high && above < atHigh ? { kind: 'known', value: high } : { kind: 'outside', rank };
}

interface AskedRanks {
  readonly k: number;
  readonly length: number;
  readonly first: number;
  readonly second: number;
}

/** The values of two ranks of each list. */
function ranked(
  { arena, run }: SlotBench,
  { ranks, between, room }: Brackets,
  asked: readonly AskedRanks[],
): readonly Middles[] {
  const words = arena.u32(ranks, asked.length * RANK_WORDS);
  asked.forEach(({ k, length, first, second }, c) => {
    words.set([between + k * room * 4, length, first, second], c * RANK_WORDS);
  });
  run('selectRanks', ranks, asked.length);
  const answers = arena.f32(ranks, asked.length * RANK_WORDS);
  return asked.map((_, c) => [answers[c * RANK_WORDS + 4], answers[c * RANK_WORDS + 5]]);
}

/** Rows at even distances, one after the other. */
function sampleRows({ arena, kernels }: SlotBench, rows: SlotRows, size: number): Pointer {
  const rowBytes = rows.nColumns * 4;
  const sample = arena.allocateUnset(size * rowBytes);
  for (let s = 0; s < size; s++) {
    const i = Math.floor(((s + 0.5) * rows.nRows) / size);
    kernels.copyBytes(slotAddress(rows, i, 0), sample + s * rowBytes, rowBytes);
  }
  return sample;
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

/** The median of a column in original units: the middle one, or the mean of the two middle ones. */
export function medianOf(middles: Middles, reference: number): number {
  const [lower, upper] = middles.map((slot) => spelledOut(slot, reference));
  return lower === upper ? lower : lower + (upper - lower) / 2;
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
