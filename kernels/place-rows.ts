/**
 * Column statistics of dense rows, and the rows as the design matrix holds them, some rows at a time:
 *
 *   rows     f32 or f64, nRows × nFeatures, without padding; up to three values past the end are read
 *   weights  f64, nRows, or 0 where all are 1
 *   sums, least, greatest, mean, units, squares, scale   f64, nFeatures padded to a multiple of 4
 *
 * Each column's sum runs over the rows in ascending order, so blocks, shards and lanes change no bit of it. What the padded
 * lanes hold is of no meaning.
 */

/** Written by src/data/place-task.ts: keep both in step. */
@unmanaged
class PlaceTask {
  nRows: u32; // 0
  nFeatures: u32; // 4
  double: u32; // 8: whether the rows are f64
  shardFeatures: u32; // 12: of sumColumns and sumDeviations, a multiple of 8
  blockRows: u32; // 16: rows that stay in the first-level cache; those of a shard of placeRows
  rows: usize; // 20
  weights: usize; // 24
  sums: usize; // 28
  least: usize; // 32: 0 where weights are, and neither extremes are asked for
  greatest: usize; // 36
  mean: usize; // 40: of placeRows, 0 for none
  units: usize; // 44
  squares: usize; // 48
  scale: usize; // 52: of placeRows, 0 for none
  out: usize; // 56: of placeRows, f32, nRows × nFeatures padded to a multiple of 4
  notFinite: u32; // 60: set where a placed value is not finite
}

/** The shard's columns of sums and, unless they are 0, of least and greatest. */
export function sumColumns(task: usize, shard: u32): void {
  const t = changetype<PlaceTask>(task);
  if (t.double) eachBlock<f64>(t, shard, false);
  else eachBlock<f32>(t, shard, false);
}

/** The shard's columns of squares. */
export function sumDeviations(task: usize, shard: u32): void {
  const t = changetype<PlaceTask>(task);
  if (t.double) eachBlock<f64>(t, shard, true);
  else eachBlock<f32>(t, shard, true);
}

function eachBlock<T>(t: PlaceTask, shard: u32, squares: bool): void {
  const first = shard * t.shardFeatures;
  const end = min(t.nFeatures, first + t.shardFeatures);
  for (let i: u32 = 0; i < t.nRows; i += t.blockRows) {
    const rows = t.rows + i * t.nFeatures * <u32>sizeof<T>();
    const nRows = min(t.blockRows, t.nRows - i);
    const weights = t.weights === 0 ? 0 : t.weights + (i << 3);
    if (squares) columnSquares<T>(rows, nRows, t.nFeatures, first, end, weights, t.mean, t.units, t.squares);
    else if (t.least === 0) plainColumnSums<T>(rows, nRows, t.nFeatures, first, end, t.sums);
    else columnSums<T>(rows, nRows, t.nFeatures, first, end, weights, t.sums, t.least, t.greatest);
  }
}

/** blockRows of the rows. */
export function placeRows(task: usize, shard: u32): void {
  const t = changetype<PlaceTask>(task);
  const first = shard * t.blockRows;
  const nRows = min(t.blockRows, t.nRows - first);
  const rows = t.rows + ((first * t.nFeatures) << (t.double ? 3 : 2));
  const out = t.out + ((first * ((t.nFeatures + 3) & ~3)) << 2);
  const finite = t.double
    ? placed<f64>(rows, nRows, t.nFeatures, t.mean, t.scale, out)
    : placed<f32>(rows, nRows, t.nFeatures, t.mean, t.scale, out);
  if (!finite) t.notFinite = 1;
}

/** Of all columns, outside of a task. */
export function columnSquaresSingle(
  rows: usize,
  nRows: u32,
  nFeatures: u32,
  weights: usize,
  mean: usize,
  units: usize,
  squares: usize,
): void {
  columnSquares<f32>(rows, nRows, nFeatures, 0, nFeatures, weights, mean, units, squares);
}

/**
 * sums ← sums + Σ vᵢ xᵢ; least and greatest over the rows of weight other than 0. A value that is not finite leaves
 * its column's sum not finite, whatever its weight.
 */
function columnSums<T>(
  rows: usize,
  nRows: u32,
  nFeatures: u32,
  firstFeature: u32,
  endFeature: u32,
  weights: usize,
  sums: usize,
  least: usize,
  greatest: usize,
): void {
  const rowBytes: usize = nFeatures * sizeof<T>();
  let j = firstFeature;
  if (weights === 0) {
    for (; j + 4 < endFeature; j += 8)
      eightColumnSums<T>(
        rows + j * sizeof<T>(),
        nRows,
        rowBytes,
        sums + (j << 3),
        least + (j << 3),
        greatest + (j << 3),
      );
  }
  for (; j < endFeature; j += 4) {
    const at: usize = j << 3;
    let sum0 = v128.load(sums + at);
    let sum1 = v128.load(sums + at, 16);
    let least0 = v128.load(least + at);
    let least1 = v128.load(least + at, 16);
    let greatest0 = v128.load(greatest + at);
    let greatest1 = v128.load(greatest + at, 16);
    let x: usize = rows + j * sizeof<T>();
    for (let i: u32 = 0; i < nRows; i++) {
      const x0 = loadPair<T>(x);
      const x1 = loadPair<T>(x + 2 * sizeof<T>());
      const v: f64 = weights === 0 ? 1 : load<f64>(weights + (i << 3));
      const weight = f64x2.splat(v);
      sum0 = f64x2.add(sum0, f64x2.mul(weight, x0));
      sum1 = f64x2.add(sum1, f64x2.mul(weight, x1));
      if (v !== 0) {
        least0 = f64x2.pmin(least0, x0);
        least1 = f64x2.pmin(least1, x1);
        greatest0 = f64x2.pmax(greatest0, x0);
        greatest1 = f64x2.pmax(greatest1, x1);
      }
      x += rowBytes;
    }
    v128.store(sums + at, sum0);
    v128.store(sums + at, sum1, 16);
    v128.store(least + at, least0);
    v128.store(least + at, least1, 16);
    v128.store(greatest + at, greatest0);
    v128.store(greatest + at, greatest1, 16);
  }
}

/** sums ← sums + Σ xᵢ */
function plainColumnSums<T>(
  rows: usize,
  nRows: u32,
  nFeatures: u32,
  firstFeature: u32,
  endFeature: u32,
  sums: usize,
): void {
  const rowBytes: usize = nFeatures * sizeof<T>();
  let j = firstFeature;
  for (; j + 12 < endFeature; j += 16)
    sixteenColumnSums<T>(rows + j * sizeof<T>(), nRows, rowBytes, sums + (j << 3));
  for (; j < endFeature; j += 4) {
    const at = sums + (j << 3);
    let sum0 = v128.load(at);
    let sum1 = v128.load(at, 16);
    let x = rows + j * sizeof<T>();
    for (let i: u32 = 0; i < nRows; i++) {
      sum0 = f64x2.add(sum0, loadPair<T>(x));
      sum1 = f64x2.add(sum1, loadPair<T>(x + 2 * sizeof<T>()));
      x += rowBytes;
    }
    v128.store(at, sum0);
    v128.store(at, sum1, 16);
  }
}

/** plainColumnSums of the cache line of f32 at x. */
function sixteenColumnSums<T>(x: usize, nRows: u32, rowBytes: usize, sums: usize): void {
  let sum0 = v128.load(sums);
  let sum1 = v128.load(sums, 16);
  let sum2 = v128.load(sums, 32);
  let sum3 = v128.load(sums, 48);
  let sum4 = v128.load(sums, 64);
  let sum5 = v128.load(sums, 80);
  let sum6 = v128.load(sums, 96);
  let sum7 = v128.load(sums, 112);
  for (let i: u32 = 0; i < nRows; i++) {
    sum0 = f64x2.add(sum0, loadPair<T>(x));
    sum1 = f64x2.add(sum1, loadPair<T>(x + 2 * sizeof<T>()));
    sum2 = f64x2.add(sum2, loadPair<T>(x + 4 * sizeof<T>()));
    sum3 = f64x2.add(sum3, loadPair<T>(x + 6 * sizeof<T>()));
    sum4 = f64x2.add(sum4, loadPair<T>(x + 8 * sizeof<T>()));
    sum5 = f64x2.add(sum5, loadPair<T>(x + 10 * sizeof<T>()));
    sum6 = f64x2.add(sum6, loadPair<T>(x + 12 * sizeof<T>()));
    sum7 = f64x2.add(sum7, loadPair<T>(x + 14 * sizeof<T>()));
    x += rowBytes;
  }
  v128.store(sums, sum0);
  v128.store(sums, sum1, 16);
  v128.store(sums, sum2, 32);
  v128.store(sums, sum3, 48);
  v128.store(sums, sum4, 64);
  v128.store(sums, sum5, 80);
  v128.store(sums, sum6, 96);
  v128.store(sums, sum7, 112);
}

/** columnSums of eight columns where every weight is 1: with four each sum would wait for the last addition. */
function eightColumnSums<T>(
  x: usize,
  nRows: u32,
  rowBytes: usize,
  sums: usize,
  least: usize,
  greatest: usize,
): void {
  let sum0 = v128.load(sums);
  let sum1 = v128.load(sums, 16);
  let sum2 = v128.load(sums, 32);
  let sum3 = v128.load(sums, 48);
  let least0 = v128.load(least);
  let least1 = v128.load(least, 16);
  let least2 = v128.load(least, 32);
  let least3 = v128.load(least, 48);
  let greatest0 = v128.load(greatest);
  let greatest1 = v128.load(greatest, 16);
  let greatest2 = v128.load(greatest, 32);
  let greatest3 = v128.load(greatest, 48);
  for (let i: u32 = 0; i < nRows; i++) {
    let pair = loadPair<T>(x);
    sum0 = f64x2.add(sum0, pair);
    least0 = f64x2.pmin(least0, pair);
    greatest0 = f64x2.pmax(greatest0, pair);
    pair = loadPair<T>(x + 2 * sizeof<T>());
    sum1 = f64x2.add(sum1, pair);
    least1 = f64x2.pmin(least1, pair);
    greatest1 = f64x2.pmax(greatest1, pair);
    pair = loadPair<T>(x + 4 * sizeof<T>());
    sum2 = f64x2.add(sum2, pair);
    least2 = f64x2.pmin(least2, pair);
    greatest2 = f64x2.pmax(greatest2, pair);
    pair = loadPair<T>(x + 6 * sizeof<T>());
    sum3 = f64x2.add(sum3, pair);
    least3 = f64x2.pmin(least3, pair);
    greatest3 = f64x2.pmax(greatest3, pair);
    x += rowBytes;
  }
  v128.store(sums, sum0);
  v128.store(sums, sum1, 16);
  v128.store(sums, sum2, 32);
  v128.store(sums, sum3, 48);
  v128.store(least, least0);
  v128.store(least, least1, 16);
  v128.store(least, least2, 32);
  v128.store(least, least3, 48);
  v128.store(greatest, greatest0);
  v128.store(greatest, greatest1, 16);
  v128.store(greatest, greatest2, 32);
  v128.store(greatest, greatest3, 48);
}

/** squares ← squares + Σ vᵢ (unit · (xᵢ − mean))² */
function columnSquares<T>(
  rows: usize,
  nRows: u32,
  nFeatures: u32,
  firstFeature: u32,
  endFeature: u32,
  weights: usize,
  mean: usize,
  units: usize,
  squares: usize,
): void {
  const rowBytes: usize = nFeatures * sizeof<T>();
  for (let j = firstFeature; j < endFeature; j += 4) {
    const at: usize = j << 3;
    const mean0 = v128.load(mean + at);
    const mean1 = v128.load(mean + at, 16);
    const unit0 = v128.load(units + at);
    const unit1 = v128.load(units + at, 16);
    let sum0 = v128.load(squares + at);
    let sum1 = v128.load(squares + at, 16);
    let x: usize = rows + j * sizeof<T>();
    for (let i: u32 = 0; i < nRows; i++) {
      const deviation0 = f64x2.mul(unit0, f64x2.sub(loadPair<T>(x), mean0));
      const deviation1 = f64x2.mul(unit1, f64x2.sub(loadPair<T>(x + 2 * sizeof<T>()), mean1));
      const weight = f64x2.splat(weights === 0 ? 1 : load<f64>(weights + (i << 3)));
      sum0 = f64x2.add(sum0, f64x2.mul(weight, f64x2.mul(deviation0, deviation0)));
      sum1 = f64x2.add(sum1, f64x2.mul(weight, f64x2.mul(deviation1, deviation1)));
      x += rowBytes;
    }
    v128.store(squares + at, sum0);
    v128.store(squares + at, sum1, 16);
  }
}

/**
 * out (f32, nRows × nFeatures padded with zeros to a multiple of 4) ← (x − mean) / scale, computed in f64 and rounded
 * once. `mean` and `scale` may be 0, for none. Tells whether every result is finite.
 */
function placed<T>(rows: usize, nRows: u32, nFeatures: u32, mean: usize, scale: usize, out: usize): bool {
  const absolute = i32x4.splat(0x7fffffff);
  let largest = i32x4.splat(0);
  const whole: u32 = nFeatures & ~3;
  const lastLanes = lanesBelow(nFeatures & 3);
  for (let i: u32 = 0; i < nRows; i++) {
    for (let j: u32 = 0; j < whole; j += 4) {
      const z = placedGroup<T>(rows + j * sizeof<T>(), j << 3, mean, scale);
      v128.store(out, z);
      largest = i32x4.max_s(largest, v128.and(z, absolute));
      out += 16;
    }
    if (whole < nFeatures) {
      const z = v128.and(placedGroup<T>(rows + whole * sizeof<T>(), whole << 3, mean, scale), lastLanes);
      v128.store(out, z);
      largest = i32x4.max_s(largest, v128.and(z, absolute));
      out += 16;
    }
    rows += nFeatures * sizeof<T>();
  }
  // Read as integers, the f32 ≥ 0 keep their order, and infinity and NaN come after all others.
  return !v128.any_true(i32x4.ge_s(largest, i32x4.splat(0x7f800000)));
}

function placedGroup<T>(x: usize, at: usize, mean: usize, scale: usize): v128 {
  let z0 = loadPair<T>(x);
  let z1 = loadPair<T>(x + 2 * sizeof<T>());
  if (mean !== 0) {
    z0 = f64x2.sub(z0, v128.load(mean + at));
    z1 = f64x2.sub(z1, v128.load(mean + at, 16));
  }
  if (scale !== 0) {
    z0 = f64x2.div(z0, v128.load(scale + at));
    z1 = f64x2.div(z1, v128.load(scale + at, 16));
  }
  return i32x4.shuffle(f32x4.demote_f64x2_zero(z0), f32x4.demote_f64x2_zero(z1), 0, 1, 4, 5);
}

/** Two values as f64. */
function loadPair<T>(x: usize): v128 {
  return sizeof<T>() === 4 ? f64x2.promote_low_f32x4(v128.load64_zero(x)) : v128.load(x);
}

/** All bits of the lanes 0 … count − 1 of four. */
function lanesBelow(count: u32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}
