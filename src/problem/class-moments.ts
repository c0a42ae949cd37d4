import type { InterceptSlack } from './certificate.ts';
import type { DataPasses, VectorSpace } from './passes.ts';
import type { Loss } from './problem.ts';

/**
 * Bounds on the gradients of residuals that depend only on a row's class, from column norms (softmax) or the class
 * sums Mₖ = (1/n) Σ_{yᵢ=k} vᵢ xᵢ (hinge). Such residuals make a dual point feasible whose own do not sum to zero.
 */
export interface ClassMoments {
  readonly loss: Loss;
  /** (1/n) Σ_{yᵢ=k} vᵢ */
  readonly frequencies: Float64Array;
  /** ‖(1/n) Σ vᵢ uᵢ xᵢᵀ‖₂ for any admissible residuals that depend on the class only, at most */
  readonly gradientNorm: number;
  /** the same for the largest entry */
  readonly gradientMax: number;
}

/** Frequencies below this are rounding: the class has no samples. */
const ABSENT = 1e-12;
/** A residual that rounds to nothing: at the limit, where an absent class's intercept is −∞, it is 0. */
export const VANISHED = 1e-25;

export function isAbsent(moments: ClassMoments, k: number): boolean {
  return moments.frequencies[k] < ABSENT;
}

/** Scores so far apart that every residual is exactly 0 or ±1. */
const PROBE_DISTANCE = 1e4;
/** The probes run in single precision; bounds made of them are widened by more than its error. */
const WIDENING = 1.001;

/** A class of fewer samples has sums of its own: a difference of other sums has their rounding, more than WIDENING allows. */
const LEAST_DIFFERENCE = 0.01;

/** Overwrites `scratch` (layout.size). `atZero`: the loss's gradient at θ = 0 where it is known, which spares a pass of one score. */
export function classMoments(
  passes: DataPasses,
  vectors: VectorSpace,
  loss: Loss,
  scratch: Float64Array,
  atZero: Float64Array | null = null,
): ClassMoments {
  if (loss.kind === 'logistic') return logisticMoments(passes, vectors, loss, scratch, atZero);
  if (loss.kind === 'hinge') return hingeMoments(passes, vectors, loss, scratch);
  if (passes.scales === undefined) throw new Error('softmax passes tell their scales');
  const { features, frequencies } = passes.scales();
  let meanSquare = 0;
  let largest = 0;
  for (let j = 0; j < features.length; j++) {
    meanSquare += features[j];
    largest = Math.max(largest, features[j]);
  }
  return softmaxMoments(meanSquare, largest, frequencies);
}

/**
 * From the mean of ‖xᵢ‖² and the largest of its features' parts, at most. Residuals q − e_y have ‖·‖₂ ≤ √2 and entries
 * ≤ 1, so that (1/n) Σ vᵢ ‖uᵢ‖ ‖xᵢ‖ bounds their gradient.
 */
export function softmaxMoments(meanSquare: number, largest: number, frequencies: Float64Array): ClassMoments {
  return {
    loss: { kind: 'softmax' },
    frequencies,
    gradientNorm: WIDENING * Math.sqrt(2 * meanSquare),
    gradientMax: WIDENING * Math.sqrt(largest),
  };
}

/**
 * Finds the class sums by two passes at W = 0, with the intercepts ordered by class, falling and rising, and
 * far apart. Then residuals are 1 for the classes before y, so column k of the gradient is Σ_{y>k} M_y − k Mₖ, and
 * column 0 of the other order is −(K − 1) M₀.
 */
function hingeMoments(
  passes: DataPasses,
  vectors: VectorSpace,
  loss: Extract<Loss, { kind: 'hinge' }>,
  scratch: Float64Array,
): ClassMoments {
  const { nFeatures: d, nClasses: K, stride, size } = passes.layout;
  const probe = vectors.zeros(size);
  const distance = PROBE_DISTANCE * loss.margin;

  for (let k = 0; k < K; k++) probe[d * stride + k] = distance * k;
  passes.lossAndGradient(probe, scratch, 'single');
  const first = new Float64Array(d + 1);
  for (let j = 0; j <= d; j++) first[j] = -scratch[j * stride] / (K - 1);

  for (let k = 0; k < K; k++) probe[d * stride + k] = -distance * k;
  passes.lossAndGradient(probe, scratch, 'single');

  const squares = new Float64Array(K);
  const largest = new Float64Array(K);
  const frequencies = new Float64Array(K);
  for (let j = 0; j <= d; j++) {
    let later = 0;
    for (let k = K - 1; k >= 0; k--) {
      const sum = k === 0 ? first[j] : (later - scratch[j * stride + k]) / k;
      later += sum;
      if (j === d) frequencies[k] = sum;
      else {
        squares[k] += sum * sum;
        largest[k] = Math.max(largest[k], Math.abs(sum));
      }
    }
  }
  // Residuals Σⱼ f_yj (eⱼ − e_y) with f ≤ 1: the gradient is Σ_y Σⱼ f_yj (eⱼ − e_y) ⊗ M_y.
  const norm = Math.SQRT2 * (K - 1) * squares.reduce((sum, x) => sum + Math.sqrt(x), 0);
  const max = (K - 1) * largest.reduce((sum, x) => sum + x, 0);
  return { loss, frequencies, gradientNorm: WIDENING * norm, gradientMax: WIDENING * max };
}

/**
 * With one score far above 0 all residuals are 1 − y, and the gradient M₀; far below, −y and −M₁; at 0, (M₀ − M₁) / 2.
 * Residuals q − y with one q for all rows have the gradient q x̄ − M₁.
 */
function logisticMoments(
  passes: DataPasses,
  vectors: VectorSpace,
  loss: Loss,
  scratch: Float64Array,
  atZero: Float64Array | null,
): ClassMoments {
  const { nFeatures: d, size } = passes.layout;
  const probe = vectors.zeros(size);
  probe[d] = PROBE_DISTANCE;
  passes.lossAndGradient(probe, scratch, 'single');
  const first = scratch.slice();
  let second = atZero && first.map((g, j) => g - 2 * atZero[j]);
  if (second === null || second[d] < LEAST_DIFFERENCE) {
    probe[d] = -PROBE_DISTANCE;
    passes.lossAndGradient(probe, scratch, 'single');
    second = scratch.map((g) => -g);
  }
  let squares = 0;
  let meanSquares = 0;
  let max = 0;
  let meanMax = 0;
  for (let j = 0; j < d; j++) {
    const mean = first[j] + second[j];
    squares += second[j] * second[j];
    meanSquares += mean * mean;
    max = Math.max(max, Math.abs(second[j]));
    meanMax = Math.max(meanMax, Math.abs(mean));
  }
  return {
    loss,
    frequencies: Float64Array.of(first[d], second[d]),
    gradientNorm: WIDENING * (Math.sqrt(meanSquares) + Math.sqrt(squares)),
    gradientMax: WIDENING * (meanMax + max),
  };
}

/**
 * Residuals U whose intercept gradient r = (1/n) Σ vᵢ uᵢ is not 0 are not dual feasible. The mixture
 * (1 − t) U + t V is, for residuals V that depend on the class only and have (1/n) Σ v V = −(1 − t) r / t:
 *
 * - softmax: V = q − e_y with q = π − (1 − t) r / t, which must not be negative: t/(1 − t) ≥ max rₖ/πₖ;
 * - hinge: V moves the mass f_yj = ½ min(π_y, πⱼ) + (1 − t)(r_y − rⱼ)/(2Kt) from each class y to each j,
 *   which must lie in 0 … π_y: t/(1 − t) ≥ max |r_y − rⱼ| / (K min(π_y, πⱼ));
 * - logistic: as softmax, one score's residual r being (−r, r) of two.
 *
 * The dual function is concave and ≥ 0 at V but for the penalty's conjugate, so t and V's gradient bound
 * what the repair costs. A class without samples must have no residuals (K counts the others): else t = 1, and
 * nothing is proved.
 */
export function interceptSlack(moments: ClassMoments, scoreResidual: Float64Array): InterceptSlack {
  const { loss, frequencies, gradientNorm, gradientMax } = moments;
  const residual =
    loss.kind === 'logistic' ? Float64Array.of(-scoreResidual[0], scoreResidual[0]) : scoreResidual;
  let ratio = 0;
  const present = Array.from(frequencies.keys()).filter((k) => {
    if (!isAbsent(moments, k)) return true;
    if (Math.abs(residual[k]) > VANISHED) ratio = Number.POSITIVE_INFINITY;
    return false;
  });
  for (const k of present) {
    if (loss.kind !== 'hinge') ratio = Math.max(ratio, residual[k] / frequencies[k]);
    else {
      for (const j of present) {
        const capacity = present.length * Math.min(frequencies[k], frequencies[j]);
        ratio = Math.max(ratio, Math.abs(residual[k] - residual[j]) / capacity);
      }
    }
  }
  ratio *= WIDENING;
  const share = ratio < Number.POSITIVE_INFINITY ? ratio / (1 + ratio) : 1;
  return { share, gradientNorm, gradientMax };
}
