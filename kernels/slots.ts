/**
 * One column of a block of slot rows: `x` points to its first f32, `step` bytes lie between rows; NaN is a missing
 * value. A caller goes block by block, so that the columns of a block come from the cache. Sums run over the rows in
 * ascending order.
 */

/**
 * range: f64 × 4 for each of four columns side by side: the least and the greatest value and the count of missing ones
 * so far. What lies beside the columns in a row may be anything.
 */
export function slotRanges(x: usize, step: u32, nRows: u32, range: usize): void {
  let least = f32x4.splat(Infinity);
  let greatest = f32x4.splat(-Infinity);
  let missing = i32x4.splat(0);
  for (let i: u32 = 0; i < nRows; i++) {
    const values = v128.load(x);
    // The first operand stays where the second is no number.
    least = f32x4.pmin(least, values);
    greatest = f32x4.pmax(greatest, values);
    missing = i32x4.sub(missing, f32x4.ne(values, values));
    x += step;
  }
  extendRange(
    range,
    f32x4.extract_lane(least, 0),
    f32x4.extract_lane(greatest, 0),
    i32x4.extract_lane(missing, 0),
  );
  extendRange(
    range + 32,
    f32x4.extract_lane(least, 1),
    f32x4.extract_lane(greatest, 1),
    i32x4.extract_lane(missing, 1),
  );
  extendRange(
    range + 64,
    f32x4.extract_lane(least, 2),
    f32x4.extract_lane(greatest, 2),
    i32x4.extract_lane(missing, 2),
  );
  extendRange(
    range + 96,
    f32x4.extract_lane(least, 3),
    f32x4.extract_lane(greatest, 3),
    i32x4.extract_lane(missing, 3),
  );
}

function extendRange(range: usize, least: f32, greatest: f32, missing: i32): void {
  store<f64>(range, min(load<f64>(range), <f64>least));
  store<f64>(range, max(load<f64>(range, 8), <f64>greatest), 8);
  store<f64>(range, load<f64>(range, 16) + <f64>missing, 16);
}

/**
 * sums: f64 × 2, Σ v x and Σ v over the missing rows, for which x is `fill`. `weights` holds v, or is 0 where all are 1.
 */
export function slotSums(x: usize, step: u32, nRows: u32, weights: usize, fill: f64, sums: usize): void {
  let sum = load<f64>(sums);
  let missing = load<f64>(sums, 8);
  for (let i: u32 = 0; i < nRows; i++) {
    const value = <f64>load<f32>(x);
    const v: f64 = weights === 0 ? 1 : load<f64>(weights + ((<usize>i) << 3));
    if (!isNaN(value)) {
      sum += v * value;
    } else {
      sum += v * fill;
      missing += v;
    }
    x += step;
  }
  store<f64>(sums, sum);
  store<f64>(sums, missing, 8);
}

/** sum: f64, Σ v (x − mean)² so far. */
export function slotSquares(
  x: usize,
  step: u32,
  nRows: u32,
  weights: usize,
  fill: f64,
  mean: f64,
  sum: usize,
): void {
  let squares = load<f64>(sum);
  for (let i: u32 = 0; i < nRows; i++) {
    const value = <f64>load<f32>(x);
    const v: f64 = weights === 0 ? 1 : load<f64>(weights + ((<usize>i) << 3));
    const deviation = (isNaN(value) ? fill : value) - mean;
    squares += v * (deviation * deviation);
    x += step;
  }
  store<f64>(sum, squares);
}

/**
 * Gathers what lies between two values, both excluded, in each of four columns side by side.
 *
 *   bounds     f32 × 8: the lower values, and the upper ones
 *   counts     for each column u32 × 3 in 32 bytes: values below the lower, at it, and at the upper, so far
 *   gathered   for each column f32, `room` bytes
 *   ends       u32 × 4: where what was gathered of a column ends
 */
export function slotsBetween(
  x: usize,
  step: u32,
  nRows: u32,
  bounds: usize,
  counts: usize,
  gathered: usize,
  room: u32,
  ends: usize,
): void {
  const low = v128.load(bounds);
  const high = v128.load(bounds, 16);
  let below = i32x4.splat(0);
  let atLow = i32x4.splat(0);
  let atHigh = i32x4.splat(0);
  for (let k: u32 = 0; k < 4; k++) store<u32>(ends + (k << 2), <u32>gathered + k * room);
  for (let i: u32 = 0; i < nRows; i++) {
    const values = v128.load(x);
    below = i32x4.sub(below, f32x4.lt(values, low));
    atLow = i32x4.sub(atLow, f32x4.eq(values, low));
    atHigh = i32x4.sub(atHigh, f32x4.eq(values, high));
    // Few: the middle of a column is known closely.
    let inside = i32x4.bitmask(v128.and(f32x4.gt(values, low), f32x4.lt(values, high)));
    while (inside !== 0) {
      const lane = <usize>(ctz(inside) << 2);
      const end = load<u32>(ends + lane);
      store<f32>(end, load<f32>(x + lane));
      store<u32>(ends + lane, end + 4);
      inside &= inside - 1;
    }
    x += step;
  }
  addCounts(counts, below);
  addCounts(counts + 4, atLow);
  addCounts(counts + 8, atHigh);
}

function addCounts(counts: usize, more: v128): void {
  store<u32>(counts, load<u32>(counts) + i32x4.extract_lane(more, 0));
  store<u32>(counts, load<u32>(counts, 32) + i32x4.extract_lane(more, 1), 32);
  store<u32>(counts, load<u32>(counts, 64) + i32x4.extract_lane(more, 2), 64);
  store<u32>(counts, load<u32>(counts, 96) + i32x4.extract_lane(more, 3), 96);
}

/**
 * out (f32, `outStep` bytes between rows) ← (x − mean) / scale, with `fill` for a missing x, computed in f64. Where
 * `indicator` is not 0, it points to the feature that is set to `indicated` in the rows that are missing.
 */
export function placeSlots(
  x: usize,
  step: u32,
  nRows: u32,
  fill: f64,
  mean: f64,
  scale: f64,
  out: usize,
  outStep: u32,
  indicator: usize,
  indicated: f32,
): void {
  for (let i: u32 = 0; i < nRows; i++) {
    const value = <f64>load<f32>(x);
    const missing = isNaN(value);
    store<f32>(out, <f32>(((missing ? fill : value) - mean) / scale));
    if (indicator !== 0) {
      if (missing) store<f32>(indicator, indicated);
      indicator += outStep;
    }
    x += step;
    out += outStep;
  }
}

/** Writes a row of `rowBytes` again and again until `out` holds `nRows` of them. */
export function repeatRow(row: usize, rowBytes: u32, out: usize, nRows: u32): void {
  const bytes = <usize>rowBytes * nRows;
  memory.copy(out, row, rowBytes);
  for (let filled: usize = rowBytes; filled < bytes; filled <<= 1) {
    memory.copy(out + filled, out, min(filled, bytes - filled));
  }
}

/** The same as TypedArray.set, which goes word by word in shared memory. */
export function copyBytes(from: usize, to: usize, length: usize): void {
  memory.copy(to, from, length);
}
