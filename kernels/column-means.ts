/**
 * sums ← sums / weightSum, but of a constant column exactly its value, where rounding would leave something of it. Tells
 * whether all sums were finite.
 */
export function columnMeans(
  sums: usize,
  least: usize,
  greatest: usize,
  nFeatures: u32,
  weightSum: f64,
): bool {
  let finite = true;
  for (let at: usize = 0; at < <usize>(nFeatures << 3); at += 8) {
    const sum = load<f64>(sums + at);
    const low = load<f64>(least + at);
    finite = finite && isFinite(sum);
    store<f64>(sums + at, low === load<f64>(greatest + at) ? low : sum / weightSum);
  }
  return finite;
}
