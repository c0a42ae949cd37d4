/** Mean and scale of each column, gathered in two passes of f64 sums (row order). */
export interface ColumnStatistics {
  readonly mean: Float64Array;
  /** Population standard deviation, and 1 for a constant column, which centring alone makes 0. */
  readonly scale: Float64Array;
  /** Which columns hold one value only. */
  readonly constant: readonly number[];
}

/** Squares of deviations between 2⁻³⁰⁰ and 2³⁰⁰ neither vanish nor overflow. */
const LARGEST_SPREAD = 2 ** 300;
const RESCALE = 2 ** 600;

/** For each column the power of 2 by which deviations are multiplied before they are squared: 1 but for extreme ones. */
export function columnUnits(least: Float64Array, greatest: Float64Array): Float64Array {
  return least.map((low, j) => {
    // Halves: the whole difference may overflow.
    const spread = greatest[j] / 2 - low / 2;
    if (spread > LARGEST_SPREAD) return 1 / RESCALE;
    return spread > 0 && spread < 1 / LARGEST_SPREAD ? RESCALE : 1;
  });
}

/**
 * Turns sums over samples into statistics. `squares` holds Σ v (unit · (x − mean))²; `least` and `greatest`, over
 * samples of weight > 0, tell a constant column exactly, where rounding would leave a tiny standard deviation
 * to divide by.
 */
export function columnStatistics(
  mean: Float64Array,
  squares: Float64Array,
  least: Float64Array,
  greatest: Float64Array,
  weightSum: number,
): ColumnStatistics {
  const units = columnUnits(least, greatest);
  const scale = new Float64Array(mean.length);
  const constant: number[] = [];
  for (let j = 0; j < mean.length; j++) {
    const deviation = Math.sqrt(squares[j] / weightSum) / units[j];
    if (least[j] === greatest[j] || !(deviation > 0)) {
      mean[j] = Number.isFinite(least[j]) ? least[j] : 0;
      scale[j] = 1;
      constant.push(j);
    } else {
      scale[j] = deviation;
    }
  }
  return { mean, scale, constant };
}

/**
 * What stored values and means of implicitly centred columns are divided by: the scale, and Infinity where the column is
 * constant. Its values and centre are then 0; as they are, they would cancel to rounding errors, which are large where they are.
 */
export function implicitDivisors({ scale, constant }: ColumnStatistics): Float64Array {
  const divisors = scale.slice();
  for (const j of constant) divisors[j] = Infinity;
  return divisors;
}

/** The sum of the weights, or the number of samples where every weight is 1. */
export function sumOfWeights(weights: ArrayLike<number> | null, nSamples: number): number {
  if (weights === null) return nSamples;
  let sum = 0;
  for (let i = 0; i < nSamples; i++) sum += weights[i];
  return sum;
}
