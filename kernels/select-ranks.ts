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
  if (t.first < length) t.low = select<f32>(t.values, 0, length - 1, t.first);
  // What lies behind the first is not less than it.
  const from = t.first < length ? t.first : 0;
  if (t.second < length) t.high = select<f32>(t.values, from, length - 1, t.second);
}

/** The value of this rank of the numbers from `left` to `right` (Hoare 1961, "Find"), which are put in another order. */
export function select<T>(values: usize, left: i32, right: i32, rank: i32): T {
  while (left < right) {
    const pivot = at<T>(values, (left + right) >> 1);
    let i = left;
    let j = right;
    while (i <= j) {
      while (at<T>(values, i) < pivot) i++;
      while (at<T>(values, j) > pivot) j--;
      if (i > j) break;
      const x = at<T>(values, i);
      store<T>(values + <usize>i * sizeof<T>(), at<T>(values, j));
      store<T>(values + <usize>j * sizeof<T>(), x);
      i++;
      j--;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return at<T>(values, rank);
}

function at<T>(values: usize, i: i32): T {
  return load<T>(values + <usize>i * sizeof<T>());
}
