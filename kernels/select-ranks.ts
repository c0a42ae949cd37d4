/**
 * Values of a list whose ranks are asked for, the second at or behind the first. Written by src/data/column-median.ts:
 * keep both in step.
 */
@unmanaged
class RankTask {
  /** f32 × length, no NaN; put in another order */
  values: usize;
  length: u32;
  first: u32;
  second: u32;
  /** The answers */
  low: f32;
  high: f32;
}

/** Shard s is the list at task + s · 24. Ranks past the end are not looked for. */
export function selectRanks(task: usize, shard: u32): void {
  const t = changetype<RankTask>(task + <usize>shard * offsetof<RankTask>());
  const length = t.length;
  if (t.first < length) t.low = select(t.values, 0, length - 1, t.first);
  // What lies behind the first is not less than it.
  const from = t.first < length ? t.first : 0;
  if (t.second < length) t.high = select(t.values, from, length - 1, t.second);
}

/** The value of this rank (Hoare 1961, "Find"). */
function select(values: usize, left: i32, right: i32, rank: i32): f32 {
  while (left < right) {
    const pivot = load<f32>(values + ((<usize>((left + right) >> 1)) << 2));
    let i = left;
    let j = right;
    while (i <= j) {
      while (load<f32>(values + ((<usize>i) << 2)) < pivot) i++;
      while (load<f32>(values + ((<usize>j) << 2)) > pivot) j--;
      if (i > j) break;
      const x = load<f32>(values + ((<usize>i) << 2));
      store<f32>(values + ((<usize>i) << 2), load<f32>(values + ((<usize>j) << 2)));
      store<f32>(values + ((<usize>j) << 2), x);
      i++;
      j--;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return load<f32>(values + ((<usize>rank) << 2));
}
