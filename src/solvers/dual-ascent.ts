import type { DualAscent } from '../problem/dual-rows.ts';
import { log } from '../problem/elementary.ts';
import { logisticDual } from '../problem/logistic-dual-task.ts';
import type { Objective } from '../problem/objective.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxDual } from '../problem/softmax-dual-task.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { newtonCg } from './newton-cg.ts';
import { type Progress, trackProgress } from './progress.ts';
import type { Iteration, SolverOptions, SolverRun } from './solver.ts';

export const DUAL_ASCENT = 'dual-ascent';

/** Softmax, or logistic loss, with an L2 penalty, on rows as they are stored. */
export function supportsDualAscent({ loss, penalty, dropout, trainingSet }: Problem): boolean {
  const { matrix } = trainingSet;
  const centred = matrix.kind === 'sparse' && matrix.center !== 0;
  return loss.kind !== 'hinge' && penalty.ridge > 0 && penalty.lasso === 0 && dropout === 0 && !centred;
}

const MOST_EPOCHS = 40;
/**
 * An epoch that gains more than this part of what the one before did converges too slowly, or not at all; over-relaxed, its
 * steps are likely too long.
 */
const SLOWEST = 0.85;
/** The first epochs' gains are of another kind: u starts at a vertex, where the dual is not quadratic. */
const WARM_UP = 3;
/**
 * The gap as a multiple of what the epochs to come would gain at the present rate, of the part left by the mean of two
 * swings, until a certificate has told; 1 + rate times as much. Text: 1, 2.6 and 5 at λ = 1e-4, 1e-5 and 1e-6, where
 * the rate is 0.1, 0.1 and 0.6.
 */
const GAP_PER_GAIN = 3;
/** As many times more after over-relaxed steps. Text, λ = 1e-6: 1 to 1.5 at most epochs, 3 at one. */
const GAP_OF_RELAXED = 2;
/** The least part of that where W swings to and fro, so that the mean of its swings is better. Text: 0.02. */
const LEAST_LEFT = 0.05;
/** W is kept for such a mean once this times the tolerance is promised: two epochs before, of a tenth each, and more. */
const NEAR = 1000;
/** A mean loss is at least this part of the objective, mostly: θ, which tells the penalty, is not written before. */
const LOSS_SHARE = 0.3;

/**
 * Dual coordinate ascent, a Newton step for the block of each row, for as many epochs as converge fast, and Newton-CG
 * from where it ends: where rows are nearly orthogonal or λn is large, an epoch does what many passes of the others
 * do. What an epoch gains tells, without a pass, when a certificate is worth its passes.
 *
 * One epoch counts as one pass, a certificate as an iteration. A θ that is not 0 is a warm start: the ascent, which
 * starts at W = 0, is left out. Its order of rows comes from the seed.
 *
 * Source: Yu, Huang & Lin, Machine Learning 85 (2011); Shalev-Shwartz & Zhang, JMLR 14 (2013).
 */
export function* dualAscent(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const objective = softmaxObjective(runtime, problem);
  const progress = trackProgress(DUAL_ASCENT, objective, options);
  let epochs = 0;
  const shifted = <T extends { readonly passes: number }>(at: T): T => ({
    ...at,
    passes: at.passes + epochs,
  });

  if (objective.vectors.dot(theta, theta) === 0) {
    const dual = problem.loss.kind === 'logistic' ? logisticDual : softmaxDual;
    const ascent = ascend(dual(runtime, problem, options.seed), objective, progress, theta, options);
    let step = ascent.next();
    for (; !step.done; step = ascent.next()) {
      epochs = step.value.epochs;
      yield shifted(step.value.iteration);
    }
    epochs = step.value;
    if (progress.isConverged()) return shifted(progress.solution('converged', theta));
  }

  const { iterations } = progress;
  const rest = { ...options, maxIterations: Math.max(0, options.maxIterations - iterations) };
  const finish = newtonCg(objective, theta, rest);
  let step = finish.next();
  for (; !step.done; step = finish.next()) {
    yield shifted({ ...step.value, iteration: step.value.iteration + iterations });
  }
  const { value: end } = step;
  return shifted({ ...end, solver: DUAL_ASCENT, iterations: end.iterations + iterations });
}

/** Epochs, with a certificate of θ where they promise one; returns their number. */
function* ascend(
  dual: DualAscent,
  objective: Objective,
  progress: Progress,
  theta: Float64Array,
  options: SolverOptions,
): Generator<{ readonly iteration: Iteration; readonly epochs: number }, number, void> {
  const { vectors, layout, penalty } = objective;
  const gradient = vectors.unset(layout.size);
  const weights = theta.subarray(0, layout.nFeatures * layout.stride);
  let epochs = 0;
  let gapPerGain = GAP_PER_GAIN;
  let gain = Number.POSITIVE_INFINITY;
  let value = Number.POSITIVE_INFINITY;
  let near = false;
  let certified = false;

  while (epochs < MOST_EPOCHS && progress.limit() === null) {
    const epoch = dual.epoch(near);
    epochs++;
    certified = false;
    const rate = epoch.gain / gain;
    gain = epoch.gain;
    if (epochs > WARM_UP && !epoch.relaxed && !(rate <= SLOWEST)) break;
    const left = epoch.relaxed ? GAP_OF_RELAXED : Math.max(LEAST_LEFT, 1 - epoch.swing);
    const slow = Math.min(rate, SLOWEST);
    const promised = (left * gapPerGain * gain * (1 + slow)) / (1 - slow);
    near ||= promised <= (NEAR * options.tolerance * epoch.loss) / LOSS_SHARE;
    if (!(promised <= (options.tolerance * epoch.loss) / LOSS_SHARE)) continue;
    dual.writeTheta(theta);
    value = epoch.loss + penalty.ridge * vectors.dot(weights, weights);
    if (!(promised <= options.tolerance * value)) continue;
    ({ objective: value } = progress.certify(theta, gradient));
    certified = true;
    const iteration = progress.iteration(value);
    yield { iteration, epochs };
    if (progress.isConverged()) return epochs;
    gapPerGain *= Math.max(1, ((iteration.relativeGap ?? 0) * value) / promised);
  }
  if (!certified) {
    dual.writeTheta(theta);
    // b lags behind W: its own optimum is worth several epochs.
    objective.approachIntercepts?.(theta);
    value = objective.smoothValueAndGradient(theta, gradient, 'single');
  }
  // The dual rises with every step; the primal may have gone far above its start, which is log K at θ = 0.
  if (!(value <= log(Math.max(2, layout.nClasses)))) theta.fill(0);
  return epochs;
}
