import type { Runtime } from '../runtime/runtime.ts';
import type { PenaltyCoefficients } from './penalty.ts';

/** What a duality gap needs of all weights w and their g = ∂F/∂w: sums and maxima. */
export interface WeightTerms {
  /** Σ w² */
  readonly squares: number;
  /** Σ |w| */
  readonly absolutes: number;
  /** Σ g w */
  readonly product: number;
  /** Σ of ridge w² + lasso |w| + g w + R*(g), each ≥ 0 and written so */
  readonly penaltyGap: number;
  /** Σ (|g| − lasso)₊² */
  readonly conjugate: number;
  readonly gradientSquares: number;
  readonly gradientMax: number;
  /** the largest violation of a weight's optimality condition */
  readonly weightStationarity: number;
}

export type WeightTermsOf = (
  weights: Float64Array,
  gradient: Float64Array,
  penalty: PenaltyCoefficients,
) => WeightTerms;

/** The terms of weights anywhere in memory; `gradient` may be longer. */
export const weightTerms: WeightTermsOf = (weights, gradient, { ridge, lasso }) => {
  let squares = 0;
  let absolutes = 0;
  let product = 0;
  let penaltyGap = 0;
  let conjugate = 0;
  let gradientSquares = 0;
  let gradientMax = 0;
  let weightStationarity = 0;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i];
    const g = gradient[i];
    const size = Math.abs(w);
    gradientSquares += g * g;
    if (Math.abs(g) > gradientMax) gradientMax = Math.abs(g);
    // All else is 0 for most weights under a lasso.
    if (w === 0 && Math.abs(g) <= lasso) continue;
    squares += w * w;
    absolutes += size;
    product += g * w;

    const excess = Math.max(0, Math.abs(g) - lasso);
    const along = g > 0 ? -w : w;
    if (excess > 0 && ridge > 0) {
      const root = excess - 2 * ridge * along;
      penaltyGap += (root * root) / (4 * ridge) + lasso * (size - along);
      conjugate += excess * excess;
    } else {
      penaltyGap += ridge * w * w + (lasso * size + g * w);
    }

    const slope = g + 2 * ridge * w;
    const violation =
      w === 0 ? Math.max(0, Math.abs(slope) - lasso) : Math.abs(slope + (w > 0 ? lasso : -lasso));
    if (violation > weightStationarity) weightStationarity = violation;
  }
  return {
    squares,
    absolutes,
    product,
    penaltyGap,
    conjugate,
    gradientSquares,
    gradientMax,
    weightStationarity,
  };
};

/** As in kernels/weight-terms.ts. */
const SHARD_LENGTH = 32768;
const TASK_BYTES = 32;
const SUMS = 8;
/** Waking threads costs as much as a few shards' work. */
const FEWEST_SHARDS = 4;

/**
 * The same by the kernels, for vectors in the runtime's memory: pieces of 32 768 weights, whose sums are added in their
 * order. Text, 27 656 × 56: 22 ms in JavaScript.
 */
export function weightTermsOn({ arena, kernels, run }: Runtime): WeightTermsOf {
  const task = arena.allocate(TASK_BYTES);
  const coefficients = arena.f64(task, 2);
  const fields = arena.u32(task + 16, 4);
  let partials: Float64Array = new Float64Array(0);
  return (weights, gradient, { ridge, lasso }) => {
    const nShards = Math.ceil(weights.length / SHARD_LENGTH);
    if (partials.length < nShards * SUMS) partials = arena.allocateF64(nShards * SUMS);
    coefficients.set([ridge, lasso]);
    fields.set([weights.byteOffset, gradient.byteOffset, weights.length, partials.byteOffset]);
    if (nShards >= FEWEST_SHARDS) run('weightTerms', task, nShards);
    else for (let shard = 0; shard < nShards; shard++) kernels.weightTerms(task, shard);
    const sum = (k: number) => {
      let total = 0;
      for (let shard = 0; shard < nShards; shard++) total += partials[shard * SUMS + k];
      return total;
    };
    const most = (k: number) => {
      let largest = 0;
      for (let shard = 0; shard < nShards; shard++) largest = Math.max(largest, partials[shard * SUMS + k]);
      return largest;
    };
    return {
      squares: sum(0),
      absolutes: sum(1),
      product: sum(2),
      penaltyGap: sum(3),
      conjugate: sum(4),
      gradientSquares: sum(5),
      gradientMax: most(6),
      weightStationarity: most(7),
    };
  };
}
