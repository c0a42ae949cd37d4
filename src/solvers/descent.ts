import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import { wolfeLineSearch } from './line-search.ts';
import { trackProgress } from './progress.ts';
import { gradientGap } from './smooth-parts.ts';
import type { SolverOptions, SolverRun, Status } from './solver.ts';

/** Where a direction is asked for. */
export interface DescentPoint {
  readonly theta: Float64Array;
  readonly gradient: Float64Array;
  readonly value: number;
  /** The estimate of gradientGap. */
  readonly gap: number;
  /** The one that the run is after. */
  readonly target: number;
  /** The objective's so far. */
  readonly passes: number;
}

/** What makes the methods differ: how they choose a direction. */
export interface DirectionRule {
  /** Writes a descent direction and returns the step to try first along it. */
  direction(point: DescentPoint, direction: Float64Array): number;
  /** After a step of `length` along `direction` that took the gradient from `before` to `after`. */
  update(length: number, direction: Float64Array, before: Float64Array, after: Float64Array): void;
  /** Called where a direction led nowhere: forgets what may be wrong. False where there is nothing to forget. */
  reset(): boolean;
  /** Called where steps gain nothing any more: takes up what is left to try. False, as without it, where nothing is. */
  rescue?(): boolean;
}

export interface DescentSettings {
  /**
   * Where given, the run ends (as converged) once the estimated gap of the *smooth* objective is below this
   * part of it, and certifies only there: for a caller who changes the objective between runs.
   */
  readonly innerGap?: number;
  /** Not even there, for a caller who certifies what it makes of θ; the solution's objective is then as estimated. */
  readonly uncertified?: boolean;
  /** θ is thought to be the optimum: it is certified first, and what is left to do is done in double precision. */
  readonly nearOptimum?: boolean;
  /**
   * Single precision is left soon after it gains nothing more: a preconditioner of weak directions goes on making steps
   * of the gradient's rounding there. Block Newton on columns that are there twice, λ = 1e-8, took 98 passes without, 62
   * with it, L-BFGS 23.
   */
  readonly brief?: boolean;
}

/** Rounding of the objective in either precision, relative (single: measured up to 4e-8). */
const NOISE: Readonly<Record<Precision, number>> = { single: 1e-7, double: 1e-14 };
/** So many iterations without a better gradient mean that the precision is used up. */
const PATIENCE: Readonly<Record<Precision, number>> = { single: 60, double: 200 };
/** The same of single precision where it is `brief`, and neither gradient nor value are better. */
const BRIEF_PATIENCE = 10;
/** A value is better that has fallen by this part; in double precision by the tolerance, beyond rounding. */
const GAIN = 1e-4;
const LEAST_GAIN = 1e-11;
/**
 * Evaluations in one line search. In single precision more than a few mean that rounding has made up the slopes: wide
 * data (200 × 10 000) spent 43 of its 67 passes on them.
 */
const EVALUATIONS: Readonly<Record<Precision, number>> = { single: 5, double: 20 };
/** A certificate is tried when the estimate is this much below the tolerance: it costs about three passes. */
export const CERTIFY_BELOW = 0.7;
/** Certificates that fall short before it is taken for the fault of single precision. */
const SINGLE_REFUSALS = 2;

/**
 * Descends on a smooth objective (no lasso) along the rule's directions, in single precision as far as that
 * goes, then in double. Works on θ in place and starts from it.
 *
 * ‖∇_W L‖²/(4 ridge), the gap if b were optimal, tells when a certificate is worth its passes. Without a
 * penalty it stops where the largest entry of the gradient is within the tolerance, or where the classes
 * are seen to separate.
 */
export function* descend(
  solver: string,
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  rule: DirectionRule,
  settings: DescentSettings = {},
): SolverRun {
  const { vectors, layout } = objective;
  const progress = trackProgress(solver, objective, options);
  let gradient = vectors.zeros(layout.size);
  let nextGradient = vectors.zeros(layout.size);
  const direction = vectors.zeros(layout.size);
  const start = vectors.zeros(layout.size);

  let precision: Precision = settings.nearOptimum ? 'double' : 'single';
  let value = settings.nearOptimum
    ? progress.certify(theta, gradient).objective
    : objective.smoothValueAndGradient(theta, gradient, precision);
  let gap = gradientGap(objective, value, gradient);
  let target = CERTIFY_BELOW * (settings.innerGap ?? options.tolerance);
  let best = Number.POSITIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  let sinceBest = 0;
  let nextSeparationCheck = 4;
  let refused = 0;

  const awaitBetter = () => {
    best = Number.POSITIVE_INFINITY;
    lowest = Number.POSITIVE_INFINITY;
    sinceBest = 0;
  };
  const switchToDouble = () => {
    precision = 'double';
    awaitBetter();
  };
  const goOnInDouble = () => {
    switchToDouble();
    value = objective.smoothValueAndGradient(theta, gradient, precision);
    gap = gradientGap(objective, value, gradient);
  };
  const separated = () => objective.separatedClasses?.(theta) ?? [];
  const end = (status: Status) => {
    progress.certify(theta, gradient);
    return finish(progress.isConverged() ? 'converged' : status);
  };
  /** Without a penalty the gradient vanishes also where the classes separate, far out. */
  const finish = (status: Status) => {
    const classes = status === 'converged' || status === 'stalled' ? separated() : [];
    if (classes.length > 0) return progress.solution('separable', theta, classes);
    return progress.solution(status, theta);
  };

  if (settings.nearOptimum && progress.isConverged()) return finish('converged');
  while (true) {
    if (gap <= target) {
      if (settings.innerGap !== undefined) {
        if (settings.uncertified) progress.take({ objective: value, certificate: null, stationarity: gap });
        else progress.certify(theta, gradient);
        return progress.solution('converged', theta);
      }
      value = progress.certify(theta, gradient, { value, gap }).objective;
      if (progress.isConverged()) return finish('converged');
      // The certificate's gradient serves the next step in either precision.
      const estimated = gap;
      gap = gradientGap(objective, value, gradient);
      const certified = progress.relativeGap() ?? gap;
      target = 0.5 * Math.min(target, estimated * Math.min(1, options.tolerance / certified));
      refused++;
      if (precision === 'single' && refused >= SINGLE_REFUSALS) switchToDouble();
    }

    if (objective.separatedClasses && progress.iterations >= nextSeparationCheck) {
      nextSeparationCheck = Math.ceil(1.5 * nextSeparationCheck);
      const classes = separated();
      if (classes.length > 0) {
        progress.certify(theta, gradient);
        return progress.solution('separable', theta, classes);
      }
    }

    const limit = progress.limit();
    if (limit !== null) return end(limit);

    const { passes } = objective;
    const firstStep = rule.direction({ theta, gradient, value, gap, target, passes }, direction);
    const slope = vectors.dot(gradient, direction);
    vectors.copy(theta, start);
    let evaluated = Number.NaN;
    const evaluate = (step: number) => {
      vectors.plus(start, step, direction, theta);
      evaluated = step;
      const at = objective.smoothValueAndGradient(theta, nextGradient, precision);
      return { step, value: at, slope: vectors.dot(nextGradient, direction) };
    };
    const noise = NOISE[precision];
    const maxEvaluations = progress.iterations === 0 ? EVALUATIONS.double : EVALUATIONS[precision];
    const found =
      slope < 0
        ? wolfeLineSearch(evaluate, { step: 0, value, slope }, { firstStep, noise, maxEvaluations })
        : null;

    if (found === null) {
      vectors.copy(start, theta);
      // In single precision rounding is at fault, not what the rule has learnt.
      if (precision === 'single') goOnInDouble();
      else if (!rule.reset()) return end('stalled');
      continue;
    }
    if (evaluated !== found.step) evaluate(found.step);
    rule.update(found.step, direction, gradient, nextGradient);
    [gradient, nextGradient] = [nextGradient, gradient];
    value = found.value;
    yield progress.iteration(value);

    gap = gradientGap(objective, value, gradient);
    const isBrief = settings.brief === true && precision === 'single';
    const inDouble = Math.max(options.tolerance, LEAST_GAIN);
    const gain = isBrief ? GAIN : precision === 'double' ? inDouble : Number.POSITIVE_INFINITY;
    const hasFallen = value < lowest - gain * Math.abs(value);
    if (gap < 0.9 * best || hasFallen) {
      best = Math.min(best, gap);
      lowest = value;
      sinceBest = 0;
    } else if (++sinceBest >= (isBrief ? BRIEF_PATIENCE : PATIENCE[precision])) {
      if (precision === 'single') goOnInDouble();
      else if (rule.rescue?.()) awaitBetter();
      else return end('stalled');
    }
  }
}
