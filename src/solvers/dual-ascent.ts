import { log } from '../problem/elementary.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxDual } from '../problem/softmax-dual-task.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { CERTIFY_BELOW } from './descent.ts';
import { newtonCg } from './newton-cg.ts';
import { gradientGap } from './smooth-parts.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const DUAL_ASCENT = 'dual-ascent';

/** Softmax with an L2 penalty, on rows as they are stored. */
export function supportsDualAscent({ loss, penalty, dropout, trainingSet }: Problem): boolean {
  const { matrix } = trainingSet;
  const centred = matrix.kind === 'sparse' && matrix.center !== 0;
  return loss.kind === 'softmax' && penalty.ridge > 0 && penalty.lasso === 0 && dropout === 0 && !centred;
}

/** Epochs after which the gap is estimated first and for the second time, a pass or two each. */
const FIRST_CHECKS: readonly number[] = [4, 6];
/** Then after as many as the rate between two checks promises to need, but no more than these at once, or in all. */
const LONGEST_RUN = 8;
const MOST_EPOCHS = 26;
/** Ascent goes on while the estimate falls at least so far from one check to the next. */
const WORTHWHILE = 0.4;

/**
 * Dual coordinate ascent, exact in the block of a row, for a few epochs, and Newton-CG from where it ends: where
 * rows are nearly orthogonal or λn is large, an epoch does what many passes of the others do.
 *
 * One epoch counts as one pass. A θ that is not 0 is a warm start: the ascent, which starts at W = 0, is left out.
 * Ascent runs on one thread; its order of rows comes from the seed.
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
  const gradient = objective.vectors.zeros(objective.layout.size);
  let epochs = 0;
  let iterations = 0;

  if (theta.every((x) => x === 0)) {
    const dual = softmaxDual(runtime, problem, options.seed);
    let estimate = Number.POSITIVE_INFINITY;
    let value = Number.POSITIVE_INFINITY;
    const enough = CERTIFY_BELOW * options.tolerance;
    let check = FIRST_CHECKS[0];
    while (true) {
      const before = epochs;
      while (epochs < check && !options.aborted() && options.clock() < options.maxSeconds) {
        dual.epoch();
        epochs++;
      }
      dual.writeTheta(theta);
      // b lags behind W: its own optimum is worth several epochs.
      objective.approachIntercepts?.(theta);
      value = objective.smoothValueAndGradient(theta, gradient, 'single');
      const reached = gradientGap(objective, value, gradient);
      iterations++;
      yield {
        iteration: iterations,
        objective: value,
        lowerBound: null,
        relativeGap: null,
        seconds: options.clock(),
        passes: epochs + objective.passes,
      };
      const worthwhile = reached <= WORTHWHILE * estimate;
      const rate = log(reached / estimate) / (epochs - before);
      const limited = epochs < check || epochs >= MOST_EPOCHS || iterations >= options.maxIterations;
      if (limited || !worthwhile || reached <= enough) break;
      const needed = Math.ceil(log(enough / reached) / rate);
      const run = iterations < FIRST_CHECKS.length ? FIRST_CHECKS[iterations] - epochs : needed;
      check = Math.min(MOST_EPOCHS, epochs + Math.min(LONGEST_RUN, run));
      estimate = reached;
    }
    // The dual rises at every step; the primal may have gone far above its start, which is log K at θ = 0.
    if (!(value <= log(objective.layout.nClasses))) theta.fill(0);
  }

  const rest = { ...options, maxIterations: Math.max(0, options.maxIterations - iterations) };
  const finish = newtonCg(objective, theta, rest);
  let step = finish.next();
  while (!step.done) {
    const at = step.value;
    yield { ...at, iteration: at.iteration + iterations, passes: at.passes + epochs };
    step = finish.next();
  }
  const { value: end } = step;
  return {
    ...end,
    solver: DUAL_ASCENT,
    iterations: end.iterations + iterations,
    passes: end.passes + epochs,
  };
}
