/** Mean and scale of each column, gathered in two passes of f64 sums (row order). */
export interface ColumnStatistics {
  readonly mean: Float64Array;
  /** Population standard deviation, and 1 for a constant column, which centring alone makes 0. */
  readonly scale: Float64Array;
  /** Which columns hold one value only. */
  readonly constant: readonly number[];
}

/**
 * Turns sums over samples into statistics. `squares` holds Σ v (x − mean)²; `least` and `greatest` tell a
 * constant column exactly, where rounding would leave a tiny standard deviation to divide by.
 */
export function columnStatistics(
  mean: Float64Array,
  squares: Float64Array,
  least: Float64Array,
  greatest: Float64Array,
  weightSum: number,
): ColumnStatistics {
  const scale = new Float64Array(mean.length);
  const constant: number[] = [];
  for (let j = 0; j < mean.length; j++) {
    const deviation = Math.sqrt(squares[j] / weightSum);
    if (least[j] === greatest[j] || !(deviation > 0)) {
      mean[j] = least[j];
      scale[j] = 1;
      constant.push(j);
    } else {
      scale[j] = deviation;
    }
  }
  return { mean, scale, constant };
}

/** The sum of the weights, or the number of samples where every weight is 1. */
export function sumOfWeights(weights: ArrayLike<number> | null, nSamples: number): number {
  if (weights === null) return nSamples;
  let sum = 0;
  for (let i = 0; i < nSamples; i++) sum += weights[i];
  return sum;
}
