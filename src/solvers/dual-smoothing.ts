import { withCompactRows } from '../problem/compact-rows.ts';
import { isZero, parameterLayout } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import { sampleRows } from '../problem/row-sample.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dualCoordinateDescent, supportsDualCoordinateDescent } from './dual-coordinate-descent.ts';
import { dualPace } from './dual-pace.ts';
import { suitsHingeNewton } from './hinge-newton.ts';
import { hasFewUnknowns, preferSmoothing, smoothing } from './smoothing.ts';
import type { Iteration, SolverOptions, SolverRun } from './solver.ts';
import { Stages, unproved } from './stages.ts';

export const DUAL_SMOOTHING = 'dual-smoothing';

/** Hinge with L2 on dense rows whose Newton steps have a preconditioner. */
export function supportsDualSmoothing(problem: Problem): boolean {
  return supportsDualCoordinateDescent(problem) && suitsHingeNewton(problem);
}

/**
 * Smoothing took, in the dual's passes and in the time of one thread, 390 to 1 900 times unknowns / rows on noisy labels,
 * and 690 to 17 000 times on classes far apart, or did not end. With 300, a TRIAL before the dual is judged, and the rule of
 * dual-pace.ts the time is 1.08 times the better of both, reckoned from recorded runs of 115 shapes, the worst 1.9; with 400
 * the worst is 5.1.
 */
const SMOOTHING_PASSES = 300;
/** Smoothing took no shape less than 13. */
const LEAST_BUDGET = 6;
const TRIAL = 0.08;
const FEWEST_PASSES = 4;
/** Where smoothing is likely, the dual is tried on so many rows if there are LEAST_PARTS times as many, in so many epochs. */
const PILOT_ROWS = 2000;
const LEAST_PARTS = 2;
const PILOT_EPOCHS = 16;

/**
 * Dual coordinate descent while it converges fast, as it does with strong penalties and on classes that are far apart,
 * where smoothing hardly ends; else smoothing from θ. How fast is told by the steps' own estimates of the gap, so that the
 * choice is the same on any machine. Smoothing at once where it is likely, from a θ that is not 0, for which the dual has
 * no use, and where unknowns are few but classes are more than features: not all of them can be far apart then.
 */
export function* dualSmoothing(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { matrix, nClasses } = problem.trainingSet;
  const { nSamples, nFeatures } = matrix;
  const stages = new Stages(options);
  const likely = preferSmoothing(problem);
  const mayPilot = nSamples >= LEAST_PARTS * PILOT_ROWS && options.maxIterations > PILOT_EPOCHS;
  const isSure = !isZero(theta) || (hasFewUnknowns(problem) && nFeatures < nClasses);
  const triesDual =
    !likely || !(isSure || (mayPilot && (yield* isPilotSlow(runtime, problem, options, stages))));
  let lowerBound: number | null = null;
  if (triesDual) {
    const budget = smoothingPasses(problem);
    const isSlow = dualPace(budget, options.tolerance, Math.max(FEWEST_PASSES, TRIAL * budget));
    const run = dualCoordinateDescent(runtime, problem, theta, stages.rest(), { isSlow });
    const solution = yield* stages.run(run, 1);
    if (solution.status !== 'stalled') return { ...solution, ...counts(stages) };
    ({ lowerBound } = solution);
  }
  const solution = yield* stages.run(smoothing(runtime, problem, theta, stages.rest(), lowerBound), 1);
  return { ...solution, ...counts(stages) };
}

function smoothingPasses({ trainingSet: { matrix, nClasses } }: Problem): number {
  return Math.max(LEAST_BUDGET, (SMOOTHING_PASSES * nClasses * (matrix.nFeatures + 1)) / matrix.nSamples);
}

function counts({ iterations, passes }: Stages) {
  return { iterations, passes };
}

/** Whether the dual is slow on a part of the rows, each with the weight that it has in the whole. */
function* isPilotSlow(
  runtime: Runtime,
  problem: Problem,
  options: SolverOptions,
  stages: Stages,
): Generator<Iteration, boolean, void> {
  const { arena } = runtime;
  const { trainingSet, penalty } = problem;
  const { nSamples, nFeatures } = trainingSet.matrix;
  const mark = arena.mark();
  try {
    const rows = sampleRows(runtime, trainingSet, PILOT_ROWS, options.seed);
    if (rows === null) return true;
    const ridge = (penalty.ridge * nSamples) / PILOT_ROWS;
    const part = withCompactRows(runtime, { ...problem, trainingSet: rows, penalty: { ...penalty, ridge } });
    const theta = arena.allocateF64(parameterLayout(nFeatures, trainingSet.nClasses).size);
    const epochs = { ...options, maxIterations: PILOT_EPOCHS };
    const isSlow = dualPace(smoothingPasses(problem), options.tolerance, FEWEST_PASSES);
    const run = dualCoordinateDescent(runtime, part, theta, epochs, { isSlow });
    const { status } = yield* unproved(stages.run(run, PILOT_ROWS / nSamples));
    return status === 'stalled';
  } finally {
    arena.release(mark);
  }
}
