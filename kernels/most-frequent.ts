/** x − base does not overflow while base is less than half a unit in the last place of the largest f32, 2¹⁰³. */
const LARGEST_BASE: f32 = 2.0 ** 100;

/**
 * base ← what more than half of the rows listed hold in a column, or 0, for four columns after another, `groupStep` times
 * four apart. Returns how many of the rows' values in these columns differ from it. Boyer & Moore: what more than half
 * hold survives the votes.
 *
 *   values   f32, rows padded with zeros to a multiple of four
 *   offsets  u32 × nRows: bytes from `values` to each row
 *   base     f32, as long as a row
 */
export function mostFrequent(
  values: usize,
  offsets: usize,
  nRows: u32,
  nFeatures: u32,
  groupStep: u32,
  base: usize,
): u32 {
  const end = offsets + (nRows << 2);
  const one = i32x4.splat(1);
  const half = i32x4.splat(nRows >> 1);
  let differing = i32x4.splat(0);
  for (let j: u32 = 0; j < nFeatures; j += groupStep << 2) {
    const x = values + (j << 2);
    let value = f32x4.splat(0);
    let votes = i32x4.splat(0);
    for (let at = offsets; at < end; at += 4) {
      const z = v128.load(x + load<u32>(at));
      value = v128.bitselect(z, value, i32x4.eq(votes, i32x4.splat(0)));
      // One up where they are equal, else one down: the mask is −1 there.
      votes = i32x4.sub(i32x4.sub(votes, one), i32x4.shl(f32x4.eq(z, value), 1));
    }
    // Minus the numbers of rows, lane by lane.
    let same = i32x4.splat(0);
    let zeros = i32x4.splat(0);
    for (let at = offsets; at < end; at += 4) {
      const z = v128.load(x + load<u32>(at));
      same = i32x4.add(same, f32x4.eq(z, value));
      zeros = i32x4.add(zeros, f32x4.eq(z, f32x4.splat(0)));
    }
    const isMost = i32x4.gt_s(i32x4.neg(same), half);
    const isKept = v128.and(isMost, f32x4.le(f32x4.abs(value), f32x4.splat(LARGEST_BASE)));
    v128.store(base + (j << 2), v128.and(value, isKept));
    // Behind the features all rows hold the same.
    differing = i32x4.add(differing, i32x4.add(i32x4.splat(nRows), v128.bitselect(same, zeros, isKept)));
  }
  return (
    i32x4.extract_lane(differing, 0) +
    i32x4.extract_lane(differing, 1) +
    i32x4.extract_lane(differing, 2) +
    i32x4.extract_lane(differing, 3)
  );
}
