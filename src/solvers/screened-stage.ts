import type { DenseMatrix } from '../data/design-matrix.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { CertifiedPoint, Objective } from '../problem/objective.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import { softmaxResiduals } from '../problem/softmax-residuals.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { gradientBounds } from './gradient-bounds.ts';
import { descentStage, isCutOff, type PathStage } from './path-stage.ts';
import { PROXIMAL_NEWTON, proximalNewton } from './proximal-newton.ts';
import { candidateFeatures, copyOfColumns, putFeatures, takeFeatures } from './screened-columns.ts';
import type { Iteration, Solution, SolverOptions } from './solver.ts';
import { unproved } from './stages.ts';

/** Features whose gradient reaches this part of the lasso are copied: more than is needed, so that copies are rare. */
const COPIED = 0.75;
/** A feature left out whose gradient is beyond this part of the lasso will soon be needed. */
const NEARLY_NEEDED = 0.9;
/** Copies made for one penalty. */
const MOST_ROUNDS = 20;

/**
 * A stage for data with many more features than samples: the descent works on a copy of the columns that may count.
 * Its certificate is one of the whole problem where no other column's gradient is beyond the lasso, which mostly
 * follows from the last gradient of all columns (gradientBounds); else it is computed.
 */
export function screenedStage(runtime: Runtime, problem: Problem, matrix: DenseMatrix): PathStage {
  const { arena } = runtime;
  const trainingSet = { ...problem.trainingSet, matrix };
  const whole = softmaxObjective(runtime, problem);
  const { layout, vectors } = whole;
  const theta = vectors.zeros(layout.size);
  const gradient = vectors.zeros(layout.size);
  const bounds = gradientBounds(runtime, trainingSet, layout, problem.intercept);
  whole.certify(theta, gradient);
  const largest = largestWeightGradient(whole, gradient);
  bounds.take(softmaxResiduals(runtime, trainingSet, layout)(theta));
  let mark = arena.mark();
  let part: Part | null = null;
  let partialPasses = 0;
  let iterations = 0;

  interface Part {
    readonly features: readonly number[];
    readonly theta: Float64Array;
    readonly objective: Objective;
    readonly residuals: (theta: Float64Array) => Float64Array;
    readonly stage: PathStage;
    readonly passes: () => number;
  }

  const passes = () => whole.passes + partialPasses + (part === null ? 0 : part.passes());

  function open(lasso: number): Part {
    arena.release(mark);
    const features = candidateFeatures(layout, theta, bounds.gradient, COPIED * lasso);
    // Where no feature tells anything, one of them stands for all.
    if (features.length === 0) features.push(0);
    const columns = { ...trainingSet, matrix: copyOfColumns(runtime, matrix, features) };
    const objective = softmaxObjective(runtime, { ...problem, trainingSet: columns });
    const start = objective.vectors.zeros(objective.layout.size);
    takeFeatures(theta, start, features, layout.stride);
    const share = (features.length + 1) / (layout.nFeatures + 1);
    return {
      features,
      theta: start,
      objective,
      residuals: softmaxResiduals(runtime, columns, objective.layout),
      stage: descentStage(objective, start, true),
      passes: () => share * objective.passes,
    };
  }

  function close(): void {
    partialPasses = passes() - whole.passes;
    part = null;
  }

  return {
    largest,
    certified: null,
    *solve(penalty, options) {
      const { lasso } = penalty;
      const objective = whole.withPenalty(penalty);
      iterations = 0;
      for (let round = 0; round < MOST_ROUNDS; round++) {
        part ??= open(Math.min(lasso, largest));
        const found = yield* renumbered(unproved(part.stage.solve(penalty, options)));
        const { features, stage } = part;
        putFeatures(part.theta, theta, features, layout.stride);
        const solution = { ...found, theta, features, iterations, passes: passes() };
        if (isCutOff(found.status)) {
          return { ...solution, ...described(objective.certifyHere(theta, gradient)), passes: passes() };
        }
        if (found.status !== 'converged') break;
        const own = stage.certified;
        const residuals = (own && part.objective.residuals) ?? part.residuals(part.theta);
        const proves = own !== null && isWithin(own, options);
        if (proves && bounds.hold(residuals, features, lasso)) return { ...solution, ...described(own) };
        bounds.take(residuals);
        partialPasses += 0.5;
        if (bounds.largestBut(features) > NEARLY_NEEDED * lasso) close();
        if (proves && bounds.hold(residuals, features, lasso)) {
          return { ...solution, ...described(own), passes: passes() };
        }
        if (proves && part === null) continue;
        const point = objective.certifyHere(theta, gradient);
        if (isWithin(point, options)) return { ...solution, ...described(point), passes: passes() };
      }
      close();
      const rest = yield* renumbered(proximalNewton({ ...objective, activeHessian: null }, theta, options));
      // The whole's passes have made room for themselves up there.
      mark = arena.mark();
      return { ...rest, solver: PROXIMAL_NEWTON, iterations, passes: passes() };
    },
  };

  function isWithin({ certificate }: CertifiedPoint, { tolerance }: SolverOptions): boolean {
    return certificate !== null && certificate.relativeGap <= tolerance;
  }

  function described({ objective, certificate, stationarity }: CertifiedPoint) {
    return { objective, stationarity, ...certificate };
  }

  function* renumbered(run: Generator<Iteration, Solution, void>): Generator<Iteration, Solution, void> {
    let step = run.next();
    for (; !step.done; step = run.next()) {
      iterations++;
      yield { ...step.value, iteration: iterations, passes: passes() };
    }
    return step.value;
  }
}
