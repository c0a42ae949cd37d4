import type { SlotRows } from './slot-rows.ts';

/**
 * The median of the present numbers of column k, in original units: the middle one, or the mean of the two
 * middle ones.
 */
export function columnMedian(rows: SlotRows, k: number, present: number, reference: number): number {
  const ranks = [(present - 1) >> 1, present >> 1];
  const [lower, upper] = (present < SORTED ? bySorting : byCounting)(rows, k, present, ranks).map((slot) =>
    spelledOut(slot, reference),
  );
  return lower === upper ? lower : lower + (upper - lower) / 2;
}

/** Below, sorting costs less than clearing two tables of counts. */
const SORTED = 16384;

function bySorting(rows: SlotRows, k: number, present: number, ranks: readonly number[]): number[] {
  const values = new Float32Array(present);
  for (let i = 0, n = 0; n < present; i++) {
    const x = rows.f32[i * rows.nColumns + k];
    if (!Number.isNaN(x)) values[n++] = x;
  }
  values.sort();
  return ranks.map((rank) => values[rank]);
}

/** Two passes that count the upper and the lower half of the bits: no copy, and linear in the rows. */
function byCounting(rows: SlotRows, k: number, _present: number, ranks: readonly number[]): number[] {
  const { nRows, nColumns, f32, u32 } = rows;
  const counts = new Uint32Array(65536);
  for (let i = 0, at = k; i < nRows; i++, at += nColumns) {
    if (!Number.isNaN(f32[at])) counts[orderedKey(u32[at]) >>> 16]++;
  }
  const upperHalves = ranks.map((rank) => locate(counts, rank));
  let lowCounts = new Uint32Array(0);
  let counted = -1;
  return upperHalves.map(({ bin, rest }) => {
    if (bin !== counted) {
      lowCounts = new Uint32Array(65536);
      counted = bin;
      for (let i = 0, at = k; i < nRows; i++, at += nColumns) {
        const key = orderedKey(u32[at]);
        if (key >>> 16 === bin && !Number.isNaN(f32[at])) lowCounts[key & 0xffff]++;
      }
    }
    return fromOrderedKey(((bin << 16) | locate(lowCounts, rest).bin) >>> 0);
  });
}

/** The bin that holds the item of this rank, and its rank within the bin. */
function locate(counts: Uint32Array, rank: number): { bin: number; rest: number } {
  let rest = rank;
  let bin = 0;
  while (rest >= counts[bin]) rest -= counts[bin++];
  return { bin, rest };
}

/** Bits of an f32 as a u32 in the same order. */
function orderedKey(bits: number): number {
  return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

const scratch = new Uint32Array(1);
const scratchFloat = new Float32Array(scratch.buffer);

function fromOrderedKey(key: number): number {
  scratch[0] = key & 0x80000000 ? key & 0x7fffffff : ~key;
  return scratchFloat[0];
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
