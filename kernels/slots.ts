/**
 * One column of a block of slot rows: `x` points to its first f32, `step` bytes lie between rows; NaN is a missing
 * value. A caller goes block by block, so that the columns of a block come from the cache. Sums run over the rows in
 * ascending order.
 */

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

/** The same as TypedArray.set, which goes word by word in shared memory. */
export function copyBytes(from: usize, to: usize, length: usize): void {
  memory.copy(to, from, length);
}
