import type { ActiveHessian } from './active-hessian.ts';
import { type GapReport, gapReport, type InterceptSlack } from './certificate.ts';
import { type ClassMoments, classMoments, interceptSlack, isAbsent } from './class-moments.ts';
import { interceptStep } from './intercept-step.ts';
import type { CertifiedPoint, ColumnScales, Objective } from './objective.ts';
import type { DataPasses, VectorSpace } from './passes.ts';
import type { PenaltyCoefficients } from './penalty.ts';
import type { Loss } from './problem.ts';

export interface CompositeObjectiveOptions {
  /** false: b stays 0 */
  readonly intercept: boolean;
  readonly loss: Loss;
  /** As in Objective; default null: the columns are of one scale. */
  readonly scales?: ColumnScales | null;
  /** As in Objective; default null. */
  readonly separatedClasses?: ((theta: Float64Array) => readonly number[]) | null;
  /** As in Objective; default null. */
  readonly activeHessian?: ActiveHessian | null;
}

/** From a good start one or two steps do; what is left after so many is charged to the bound. */
const MAXIMUM_INTERCEPT_STEPS = 20;
/** The intercepts are good enough when their share of the gap is below this part of it. */
const INTERCEPT_SHARE = 0.02;
/** Below this a residual of the intercepts (its scale is 1: a mean of probabilities) is rounding. */
const RESIDUAL_NOISE = 1e-15;

/**
 * L(W, b) = (1/n) Σ vᵢ ℓ(W xᵢ + b, yᵢ) + ridge · Σ W² + lasso · Σ |W| on the given passes.
 *
 * `certify` finds b by Newton's method on its K unknowns, each step one double-precision pass, and charges
 * what is left of the intercepts' gradient to the lower bound: it never lies above the true optimum.
 */
export function compositeObjective(
  passes: DataPasses,
  vectors: VectorSpace,
  penalty: PenaltyCoefficients,
  options: CompositeObjectiveOptions,
): Objective {
  const { nClasses } = passes.layout;
  const shared = { interceptHessian: vectors.zeros(nClasses * nClasses), moments: null };
  return withPenalty(passes, vectors, penalty, options, shared);
}

/** What does not depend on the penalty and is made once. */
interface Shared {
  readonly interceptHessian: Float64Array;
  moments: ClassMoments | null;
}

function withPenalty(
  passes: DataPasses,
  vectors: VectorSpace,
  penalty: PenaltyCoefficients,
  options: CompositeObjectiveOptions,
  shared: Shared,
): Objective {
  const { intercept, loss, scales = null, separatedClasses = null, activeHessian = null } = options;
  const { interceptHessian } = shared;
  const { layout } = passes;
  const { nFeatures, nClasses, stride, size } = layout;
  const { ridge, lasso } = penalty;
  const nWeights = nFeatures * stride;
  const penalized = ridge > 0 || lasso > 0;

  const weights = (theta: Float64Array) => theta.subarray(0, nWeights);
  const intercepts = (theta: Float64Array) => theta.subarray(nWeights, nWeights + nClasses);

  function finishGradient(theta: Float64Array, gradient: Float64Array) {
    if (ridge > 0) vectors.axpy(2 * ridge, weights(theta), weights(gradient));
    if (!intercept) gradient.fill(0, nWeights, size);
  }

  /** With `atOnce` no intercept Hessian, and no scaled dual point where the pass bounds it. */
  function report(theta: Float64Array, gradient: Float64Array, enough: number, atOnce = false): GapReport {
    const pass = passes.certificatePass(theta, gradient, atOnce ? null : interceptHessian);
    if (!intercept) gradient.fill(0, nWeights, size);
    const residual = intercepts(gradient);
    const slack: InterceptSlack | null = shared.moments && interceptSlack(shared.moments, residual);
    const bounded = atOnce && pass.dualCurvature !== undefined;
    const dualAt = bounded ? null : (scale: number) => passes.dualValue(theta, scale);
    return gapReport({ theta, gradient, layout, penalty, loss, pass, slack, enough }, dualAt);
  }

  /** The class sums, where a bound may need them: two passes, once. */
  function takeMoments(gradient: Float64Array) {
    if (intercept && penalized) shared.moments ??= classMoments(passes, vectors, loss, gradient);
  }

  function pointOf(best: GapReport): CertifiedPoint {
    const { objective, lowerBound, stationarity } = best;
    if (!penalized && objective > 0) return { objective, certificate: null, stationarity };
    const relativeGap = (objective - lowerBound) / Math.max(objective, Number.MIN_VALUE);
    return { objective, certificate: { objective, lowerBound, relativeGap }, stationarity };
  }

  /**
   * Newton's method on b: a step is shortened until the slope along it has fallen to a half. It ends where the
   * relative gap is `enough`.
   */
  function optimizeIntercepts(theta: Float64Array, gradient: Float64Array, enough: number): GapReport {
    const b = intercepts(theta);
    const residual = intercepts(gradient);
    let current = report(theta, gradient, enough);
    let remaining = MAXIMUM_INTERCEPT_STEPS;
    while (remaining > 0 && !interceptsAreGood(current, residual, enough)) {
      const step = interceptStep(interceptHessian, residual, nClasses);
      if (step === null) break;
      const start = b.slice();
      const startSlope = dot(residual, step);
      const startSize = maxAbs(residual);
      let length = 1;
      let slope = startSlope;
      while (remaining > 0) {
        for (let k = 0; k < nClasses; k++) b[k] = start[k] + length * step[k];
        current = report(theta, gradient, enough);
        remaining--;
        slope = dot(residual, step);
        if (slope <= 0.5 * Math.abs(startSlope)) break;
        length *= Math.max(0.1, startSlope / (startSlope - slope));
      }
      if (maxAbs(residual) > 0.9 * startSize && maxAbs(residual) < 1e-12) break;
    }
    return current;
  }

  function interceptsAreGood(current: GapReport, residual: Float64Array, enough: number): boolean {
    const size = maxAbs(residual);
    if (size <= RESIDUAL_NOISE) return true;
    if (!penalized) return size <= Math.max(0.1 * current.weightStationarity, 1e-13);
    if (current.gap <= enough * current.objective) return true;
    return current.interceptShare <= INTERCEPT_SHARE * current.gap;
  }

  return {
    layout,
    vectors,
    penalty,
    intercept,
    scales,
    separatedClasses,
    activeHessian,
    get passes() {
      return passes.passes;
    },
    smoothValueAndGradient(theta, gradient, precision) {
      const value = passes.lossAndGradient(theta, gradient, precision);
      finishGradient(theta, gradient);
      return ridge > 0 ? value + ridge * vectors.dot(weights(theta), weights(theta)) : value;
    },
    lassoValue(theta) {
      return lasso > 0 ? lasso * sumAbs(weights(theta)) : 0;
    },
    prepareHessian(theta) {
      passes.prepareHessian(theta);
    },
    hessianProduct(direction, out) {
      passes.hessianProduct(direction, out);
      finishGradient(direction, out);
    },
    certify(theta, gradient, enough = 0): CertifiedPoint {
      takeMoments(gradient);
      if (shared.moments) lowerAbsent(intercepts(theta), shared.moments);
      const best = intercept ? optimizeIntercepts(theta, gradient, enough) : report(theta, gradient, enough);
      if (intercept) centre(intercepts(theta));
      finishGradient(theta, gradient);
      return pointOf(best);
    },
    certifyHere(theta, gradient) {
      takeMoments(gradient);
      const found = report(theta, gradient, 0, true);
      finishGradient(theta, gradient);
      return pointOf(found);
    },
    withPenalty: (other) => withPenalty(passes, vectors, other, options, shared),
  };
}

/**
 * A class without samples costs least at b = −∞. So far below the others its probability is 0 to rounding; much
 * lower would cost the others their digits in single precision.
 */
const ABSENT_INTERCEPT = -120;

function lowerAbsent(b: Float64Array, moments: ClassMoments) {
  if (moments.loss.kind === 'logistic') {
    if (isAbsent(moments, 0)) b[0] = Math.max(b[0], -ABSENT_INTERCEPT);
    if (isAbsent(moments, 1)) b[0] = Math.min(b[0], ABSENT_INTERCEPT);
    return;
  }
  const highest = b.reduce((a, value) => Math.max(a, value), Number.NEGATIVE_INFINITY);
  for (let k = 0; k < b.length; k++) {
    if (isAbsent(moments, k)) b[k] = Math.min(b[k], highest + ABSENT_INTERCEPT * marginUnit(moments));
  }
}

function marginUnit({ loss }: ClassMoments): number {
  return loss.kind === 'hinge' ? Math.max(1, loss.margin) : 1;
}

/** A constant added to every intercept changes nothing: their mean is made 0. One score's is what it is. */
function centre(b: Float64Array) {
  if (b.length === 1) return;
  let mean = 0;
  for (const value of b) mean += value / b.length;
  for (let k = 0; k < b.length; k++) b[k] -= mean;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function maxAbs(x: Float64Array): number {
  let max = 0;
  for (const value of x) max = Math.max(max, Math.abs(value));
  return max;
}

function sumAbs(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]);
  return sum;
}
