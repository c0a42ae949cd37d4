import type { ActiveHessian } from './active-hessian.ts';
import { type GapReport, gapReport, type InterceptSlack } from './certificate.ts';
import type { ClassHessians } from './class-hessians.ts';
import { type ClassMoments, classMoments, interceptSlack, isAbsent } from './class-moments.ts';
import { interceptsAreClose } from './close-intercepts.ts';
import { curvatureByProducts, wholeCurvature } from './intercept-curvature.ts';
import { descendIntercepts, type InterceptCurvature, maxAbs } from './intercept-step.ts';
import type { CertifiedPoint, Objective } from './objective.ts';
import { isZero } from './parameters.ts';
import type { ColumnScales, DataPasses, VectorSpace } from './passes.ts';
import type { PenaltyCoefficients } from './penalty.ts';
import type { Loss } from './problem.ts';
import { steppedIntercepts } from './stepped-intercepts.ts';
import type { SupportModel } from './support-model.ts';
import { type WeightTermsOf, weightTerms } from './weight-terms.ts';

export interface CompositeObjectiveOptions {
  /** false: b stays 0 */
  readonly intercept: boolean;
  readonly loss: Loss;
  /** As in Objective, found when they are asked for; default null: the columns are of one scale. */
  readonly scales?: () => ColumnScales | null;
  /** As in Objective, found when it is asked for; default null. */
  readonly spread?: () => number | null;
  /** As in Objective; default null. */
  readonly separatedClasses?: ((theta: Float64Array) => readonly number[]) | null;
  /** As in Objective; default null. */
  readonly activeHessian?: ActiveHessian | null;
  /** As in Objective; default null. */
  readonly classHessians?: (() => ClassHessians) | null;
  /** As in Objective; default null. */
  readonly supportModel?: (() => SupportModel) | null;
  /** Bounds that hold for these rows' columns, as of an objective of more columns; default null: found when needed. */
  readonly moments?: ClassMoments | null;
  /** Default: plain loops over weights anywhere in memory. */
  readonly weightTerms?: WeightTermsOf;
}

/** From a good start one or two steps do; what is left after so many is charged to the bound. */
const MAXIMUM_INTERCEPT_STEPS = 20;
/** The intercepts are good enough when their share of the gap is below this part of it. */
const INTERCEPT_SHARE = 0.02;
/** Residuals relative to the class's frequency that single precision does not improve (measured: 1e-8 to 1.6e-7). */
const SINGLE_NOISE = 2e-7;
/**
 * After a step of b no wider than this, the residuals are of second order, at that noise. Wider ones may do: what a
 * residual of second order ω² costs is at most (gradientNorm ω²)² / (256 ridge), see stepped-intercepts.ts.
 */
const UNCHECKED_STEP = 3e-4;
/** As of interceptShift, which takes the Hessian from where the last pass was: changes this small hardly change it. */
const LARGEST_SHIFT = 0.5;
/** The same where residuals are shifted: that is cheap, and the Hessian, of a pass before, leaves more than second order. */
const UNCHECKED_SHIFT = 1e-6;
/** A gap that intercepts good to single precision can prove; what is to be smaller needs double from the start. */
const SINGLE_ENOUGH = 3e-8;
/** Below this a residual of the intercepts (its scale is 1: a mean of probabilities) is rounding. */
const RESIDUAL_NOISE = 1e-15;

/**
 * L(W, b) = (1/n) Σ vᵢ ℓ(W xᵢ + b, yᵢ) + ridge · Σ W² + lasso · Σ |W| on the given passes.
 *
 * `certify` finds b by Newton's method on its K unknowns, first by cheap passes in single precision, and charges
 * what is left of the intercepts' gradient to the lower bound: it never lies above the true optimum. One
 * double-precision pass is usual.
 */
export function compositeObjective(
  passes: DataPasses,
  vectors: VectorSpace,
  penalty: PenaltyCoefficients,
  options: CompositeObjectiveOptions,
): Objective {
  const { nClasses } = passes.layout;
  const { interceptProduct, scales } = passes;
  const byProducts = interceptProduct !== undefined && scales !== undefined;
  const interceptHessian = vectors.zeros(byProducts ? 0 : nClasses * nClasses);
  const curvature = byProducts
    ? curvatureByProducts(interceptProduct, () => scales().frequencies)
    : wholeCurvature(interceptHessian, nClasses);
  const shared = { interceptHessian, curvature, moments: options.moments ?? null, atZero: null };
  return withPenalty(passes, vectors, penalty, options, shared);
}

/** What does not depend on the penalty and is made once. */
interface Shared {
  readonly interceptHessian: Float64Array;
  readonly curvature: InterceptCurvature;
  moments: ClassMoments | null;
  /** One score: the loss's gradient at θ = 0, where it was asked for and moments may need it. */
  atZero: Float64Array | null;
}

function withPenalty(
  passes: DataPasses,
  vectors: VectorSpace,
  penalty: PenaltyCoefficients,
  options: CompositeObjectiveOptions,
  shared: Shared,
): Objective {
  const { intercept, loss, scales = () => null, spread = () => null } = options;
  const { separatedClasses = null, activeHessian = null } = options;
  const { weightTerms: termsOf = weightTerms, classHessians = null, supportModel = null } = options;
  const { interceptHessian, curvature } = shared;
  const { layout } = passes;
  const { nFeatures, nClasses, stride, size } = layout;
  const { ridge, lasso } = penalty;
  const nWeights = nFeatures * stride;
  const { hessianDiagonal: passDiagonal, classBlocks } = passes;
  const penalized = ridge > 0 || lasso > 0;

  const weights = (theta: Float64Array) => theta.subarray(0, nWeights);
  const intercepts = (theta: Float64Array) => theta.subarray(nWeights, nWeights + nClasses);

  function finishGradient(theta: Float64Array, gradient: Float64Array) {
    if (ridge > 0) vectors.axpy(2 * ridge, theta, gradient, nWeights);
    if (!intercept) gradient.fill(0, nWeights, size);
  }

  /** With `atOnce` no intercept Hessian, and no scaled dual point where the pass bounds it. */
  function report(theta: Float64Array, gradient: Float64Array, enough: number, atOnce = false): GapReport {
    const pass = passes.certificatePass(theta, gradient, atOnce ? null : interceptHessian);
    if (!intercept) gradient.fill(0, nWeights, size);
    const { moments } = shared;
    const residual = intercepts(gradient);
    const slack: InterceptSlack | null = moments && interceptSlack(moments, residual);
    const stepped =
      moments && loss.kind === 'softmax' && ridge > 0 && !atOnce
        ? steppedIntercepts(moments, intercepts(theta), residual, curvature)
        : null;
    const bounded = atOnce && pass.dualBend !== undefined;
    const dualAt = bounded ? null : (scale: number) => passes.dualValue(theta, scale);
    const terms = termsOf(weights(theta), gradient, penalty);
    return gapReport({ theta, gradient, layout, penalty, loss, pass, slack, stepped, enough, terms }, dualAt);
  }

  /** What bounds the gradient of class-dependent residuals, where a bound may need it. */
  function takeMoments(gradient: Float64Array) {
    if (intercept && penalized)
      shared.moments ??= classMoments(passes, vectors, loss, gradient, shared.atZero);
  }

  function pointOf(best: GapReport): CertifiedPoint {
    const { objective, lowerBound, stationarity } = best;
    if (!penalized && objective > 0) return { objective, certificate: null, stationarity };
    const relativeGap = (objective - lowerBound) / Math.max(objective, Number.MIN_VALUE);
    return { objective, certificate: { objective, lowerBound, relativeGap }, stationarity };
  }

  /** In double precision, until the relative gap is `enough` or the intercepts no fault of it. */
  function optimizeIntercepts(theta: Float64Array, gradient: Float64Array, enough: number): GapReport {
    const residual = intercepts(gradient);
    let current = report(theta, gradient, enough);
    const evaluate = () => {
      current = report(theta, gradient, enough);
    };
    const isGood = () => interceptsAreGood(current, residual, enough);
    const state = { b: intercepts(theta), residual, curvature, evaluate, isGood };
    descendIntercepts(state, MAXIMUM_INTERCEPT_STEPS);
    return current;
  }

  /** The same in single precision, as far as that goes, where passes cost a fifth. */
  function approachIntercepts(theta: Float64Array, enough = 0): void {
    const { interceptPass, interceptShift } = passes;
    const frequencies = passes.scales?.().frequencies ?? shared.moments?.frequencies;
    if (interceptPass === undefined || frequencies === undefined) return;
    const least = loss.kind === 'logistic' ? frequencies.map(() => Math.min(...frequencies)) : frequencies;
    const residual = new Float64Array(nClasses);
    const b = intercepts(theta);
    let value = 0;
    let last: Float64Array | null = null;
    const evaluate = () => {
      const change = last && b.map((x, k) => x - (last?.[k] ?? 0));
      last = b.slice();
      if (interceptShift && change && maxAbs(change) <= LARGEST_SHIFT) interceptShift(change, residual);
      else value = interceptPass(theta, residual, interceptHessian);
    };
    const isGood = () => residual.every((r, k) => Math.abs(r) <= SINGLE_NOISE * least[k]);
    const state = { b, residual, curvature, evaluate, isGood };
    evaluate();
    const norm = shared.moments?.gradientNorm ?? 0;
    const costless = norm > 0 ? Math.sqrt(ridge * enough * value) / norm : 0;
    const unchecked = interceptShift ? UNCHECKED_SHIFT : Math.max(UNCHECKED_STEP, Math.sqrt(costless));
    descendIntercepts(state, MAXIMUM_INTERCEPT_STEPS, unchecked);
  }

  function interceptsAreGood(current: GapReport, residual: Float64Array, enough: number): boolean {
    const size = maxAbs(residual);
    if (size <= RESIDUAL_NOISE) return true;
    if (!penalized) return size <= Math.max(0.1 * current.weightStationarity, 1e-13);
    const { gap, objective, interceptShare } = current;
    if (gap <= enough * objective || interceptShare <= INTERCEPT_SHARE * gap) return true;
    // Exact intercepts would not be enough either: W has to move first.
    const hopeless = gap - interceptShare > enough * objective && interceptShare <= 0.5 * gap;
    return loss.kind !== 'logistic' && ridge > 0 && enough > 0 && hopeless;
  }

  return {
    layout,
    vectors,
    penalty,
    intercept,
    get scales() {
      return scales();
    },
    get spread() {
      return spread();
    },
    separatedClasses,
    activeHessian,
    classHessians,
    supportModel,
    residuals: passes.residuals ?? null,
    get moments() {
      return shared.moments;
    },
    get passes() {
      return passes.passes;
    },
    smoothValueAndGradient(theta, gradient, precision) {
      const value = passes.lossAndGradient(theta, gradient, precision);
      if (loss.kind === 'logistic' && shared.moments === null && isZero(theta)) {
        shared.atZero ??= gradient.slice();
      }
      finishGradient(theta, gradient);
      return ridge > 0 ? value + ridge * vectors.dot(theta, theta, nWeights) : value;
    },
    lassoValue(theta) {
      return lasso > 0 ? lasso * sumAbs(weights(theta)) : 0;
    },
    prepareHessian(theta, negligible) {
      return passes.prepareHessian(theta, negligible);
    },
    ...(passDiagonal
      ? {
          hessianDiagonal(out: Float64Array) {
            passDiagonal(out);
            for (let i = 0; i < nWeights; i++) out[i] += 2 * ridge;
          },
        }
      : {}),
    hessianProduct(direction, out) {
      passes.hessianProduct(direction, out);
      finishGradient(direction, out);
    },
    ...(classBlocks ? { classBlocks: () => classBlocks(ridge, intercept) } : {}),
    certify(theta, gradient, enough = 0, before = null): CertifiedPoint {
      const residual = intercepts(gradient).slice();
      takeMoments(gradient);
      if (shared.moments) {
        lowerAbsent(intercepts(theta), shared.moments);
        const point = before && {
          ...before,
          residual,
          weightNorm: Math.sqrt(vectors.dot(theta, theta, nWeights)),
        };
        const areClose = point !== null && interceptsAreClose(point, shared.moments, ridge, enough);
        if (ridge > 0 && enough >= SINGLE_ENOUGH && !areClose) approachIntercepts(theta, enough);
      }
      const best = intercept ? optimizeIntercepts(theta, gradient, enough) : report(theta, gradient, enough);
      if (intercept) centre(intercepts(theta), shared.moments);
      finishGradient(theta, gradient);
      return pointOf(best);
    },
    ...(intercept && penalized && passes.scales
      ? { approachIntercepts: (theta: Float64Array) => approachIntercepts(theta) }
      : {}),
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

/**
 * A constant added to every intercept changes nothing: their mean is made 0, but for those of classes without samples, which
 * a step may have put at −1e13 (their curvature vanishes) and the others' digits with it. One score's is what it is.
 */
function centre(b: Float64Array, moments: ClassMoments | null) {
  if (b.length === 1) return;
  const present = moments === null ? b : b.filter((_, k) => !isAbsent(moments, k));
  let mean = 0;
  for (const value of present) mean += value / present.length;
  for (let k = 0; k < b.length; k++) b[k] -= mean;
}

function sumAbs(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]);
  return sum;
}
