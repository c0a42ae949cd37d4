import { UnsupportedError } from '../errors.ts';
import { isAbsent } from '../problem/class-moments.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { CertifiedPoint, Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import type { VectorSpace } from '../problem/passes.ts';
import type { PenaltyCoefficients } from '../problem/penalty.ts';
import { classwiseDescent } from './classwise-descent.ts';
import { type DescentSettings, lassoDescent } from './lasso-descent.ts';
import { trackProgress } from './progress.ts';
import { PROXIMAL_NEWTON, proximalNewton } from './proximal-newton.ts';
import { closeGap, type Pace } from './proximal-newton-model.ts';
import type { SolverOptions, SolverRun, Status } from './solver.ts';
import { supportDescent } from './support-descent.ts';

/** A softmax problem with a lasso, solved for one penalty after another. */
export interface PathStage {
  /** max |∂F/∂W| at W = 0. */
  readonly largest: number;
  /** From where the last penalty ended, to a certificate. θ is the stage's own. */
  solve(penalty: PenaltyCoefficients, options: SolverOptions): SolverRun;
  /** The certificate that the last point's own residuals gave, where the last pass was there. */
  readonly certified: CertifiedPoint | null;
}

/**
 * A Hessian serves several λ: more rows a coordinate than for a single fit. Letters (80 λ, two threads) at tolerances
 * 1e-1 and 1e-2, one run: 2.6 and 2.9 s with 25, 3.2 and 3.4 with 40, 3.2 and 3.9 with all rows. Tighter ones were
 * tried with 12 only, which took too many steps.
 */
const SETTINGS: DescentSettings = { precision: 'double', rowsEach: 25 };

export function isCutOff(status: Status): boolean {
  return status === 'aborted' || status === 'max-iterations' || status === 'max-seconds';
}

/**
 * A descent on these passes that goes on from θ: θ and the Hessian of the active weights are kept. `ownResiduals`: every
 * certificate is of θ's own residuals, for a caller who bounds other columns by them.
 */
export function descentStage(base: Objective, theta: Float64Array, ownResiduals = false): PathStage {
  const { layout, vectors, activeHessian } = base;
  if (!activeHessian) throw new UnsupportedError('a path needs its rows within reach');
  const nWeights = layout.nFeatures * layout.stride;
  const gradient = vectors.zeros(layout.size);
  const start = vectors.zeros(layout.size);
  if (isZero(theta.subarray(0, nWeights))) base.certify(theta, gradient);
  start.set(theta);
  const supportModel = ownResiduals ? base.supportModel : null;
  let descent = supportModel
    ? supportDescent(base, supportModel(), activeHessian, start, SETTINGS)
    : lassoDescent(base, activeHessian, start, SETTINGS);
  let classHessians = ownResiduals ? null : (base.classHessians ?? null);
  let isClasswise = false;
  const largest = largestWeightGradient(base, descent.point.gradient);
  const pace: Pace = [];

  return {
    largest,
    get certified() {
      return descent.point.certified;
    },
    *solve(penalty, options) {
      const objective = base.withPenalty(penalty);
      const progress = trackProgress(PROXIMAL_NEWTON, objective, options);
      if (classHessians && suitsClasswise(objective, descent.point.theta.subarray(0, nWeights))) {
        descent = classwiseDescent(
          descent.point.objective,
          classHessians(),
          copyOf(vectors, descent.point.theta),
          'single',
        );
        classHessians = null;
        isClasswise = true;
      }
      descent.pose(objective, options.tolerance);
      if (penalty.lasso >= largest) descent.point.restart('double');
      const settings = {
        lasso: penalty.lasso,
        tolerance: options.tolerance,
        pace,
        mends: penalty.ridge > 0 && !ownResiduals,
        goesOn: true,
      };
      let found = yield* closeGap(descent, progress, theta, settings);
      if (found === null && isClasswise) {
        isClasswise = false;
        descent = lassoDescent(objective, activeHessian, copyOf(vectors, theta), SETTINGS);
        descent.pose(objective, options.tolerance);
        found = yield* closeGap(descent, progress, theta, settings);
      }
      if (typeof found === 'string') {
        theta.set(descent.point.theta);
        progress.certify(theta, gradient);
        return progress.solution(found, theta);
      }
      if (found !== null) return found;
      // The Hessian leads no further, or has no room: without it.
      const rest = yield* proximalNewton({ ...objective, activeHessian: null }, theta, options);
      descent.point.restart('double', theta);
      return rest;
    },
  };
}

/**
 * With more weights than this the joint model takes longer than the classes' own and a few products. Two threads of a
 * busy machine, CPU seconds of a path: letters of at most 390 weights 3.1 with the joint one and 5.6, images of up to
 * 3 950 8.6, 9.4 and 10.9 with 50, 500 and 1 000.
 */
const MANY_WEIGHTS = 500;

/**
 * Without a ridge the classes' models miss too much: images' L1 took 89 s where the joint model takes 14. A class without
 * samples has no model.
 */
function suitsClasswise({ penalty, moments, layout }: Objective, weights: Float64Array): boolean {
  if (penalty.ridge === 0) return false;
  for (let k = 0; moments && k < layout.nClasses; k++) if (isAbsent(moments, k)) return false;
  let count = 0;
  for (const w of weights) if (w !== 0) count++;
  return count > MANY_WEIGHTS;
}

function copyOf(vectors: VectorSpace, theta: Float64Array): Float64Array {
  const copy = vectors.zeros(theta.length);
  copy.set(theta);
  return copy;
}
