/**
 * sums ← sums / weightSum, but of a constant column exactly its value, where rounding would leave something of it (least
 * and greatest 0: it does not). Tells whether all sums were finite.
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
    finite = finite && isFinite(sum);
    const constant = least !== 0 && load<f64>(least + at) === load<f64>(greatest + at);
    store<f64>(sums + at, constant ? load<f64>(least + at) : sum / weightSum);
  }
  return finite;
}
