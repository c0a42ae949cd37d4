import type { DenseMatrix, SparseMatrix } from '../data/design-matrix.ts';
import type { ClassMoments } from '../problem/class-moments.ts';
import { classFrequencies } from '../problem/column-scales.ts';
import { log } from '../problem/elementary.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { isCutOff } from './path-stage.ts';
import { trackProgress } from './progress.ts';
import { PROXIMAL_NEWTON, proximalNewton } from './proximal-newton.ts';
import { modelDescent } from './proximal-newton-model.ts';
import { copyOfColumns, putFeatures, takeFeatures } from './screened-columns.ts';
import type { Solution, SolverOptions, SolverRun } from './solver.ts';
import { copyOfSparseColumns } from './sparse-columns-copy.ts';

/** With fewer features a copy of some is hardly smaller than the whole. */
const FEWEST_FEATURES = 1024;
/**
 * So many features without a weight are taken at once, or as many as have one. Text, the largest class against the
 * rest, λ = 1e-4: with 64, 128, 256 and 512 of them 3, 3, 2 and 2 rounds, on 0.31, 0.34, 0.44 and 0.50 million nonzeros.
 */
const FEWEST_TAKEN = 256;
/** Features without a weight are taken where their gradient passes this part of the lasso: some will pass all of it. */
const NEARLY_NEEDED = 0.75;
/** A gradient that passes so much of the lasso in single precision passes it in double: W = 0 is no optimum. */
const CLEARLY = 1.01;
/** What the first round's weights are to be within. Text as above: 15.8 passes with 0.01, 14.6 with 0.1 to 0.6. */
const FIRST_TOLERANCE = 0.1;
/** A round that left nothing violated, and is not enough, is followed by one of this part of its tolerance. */
const TIGHTER = 0.1;
const MOST_ROUNDS = 20;
/** Chosen columns allow a faster one: text as above 31 passes with 0.4 and three steps, 24 so; at λ = 1e-5 87 and 77. */
const CONTINUATION = { factor: 0.1, steps: 2 };

/**
 * Proximal Newton for a lasso; where features are many (of dense rows more than samples) on a copy of those columns
 * that have a weight, or violate optimality by most without. After each round a certificate of the whole problem, one
 * pass over all columns, tells which ones are missing.
 */
export function* workingSetNewton(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { matrix } = problem.trainingSet;
  const whole = softmaxObjective(runtime, problem);
  const isWide = matrix.kind === 'sparse' || matrix.nFeatures > matrix.nSamples;
  const suits = isWide && matrix.nFeatures >= FEWEST_FEATURES;
  if (!suits) return yield* proximalNewton(whole, theta, options);

  const { arena } = runtime;
  const { layout, vectors, penalty } = whole;
  const gradient = vectors.zeros(layout.size);
  const peaks = vectors.zeros(layout.nFeatures);
  const findPeaks = () => {
    const { nFeatures, stride } = layout;
    runtime.kernels.featurePeaks(theta.byteOffset, gradient.byteOffset, nFeatures, stride, peaks.byteOffset);
  };
  const progress = trackProgress(PROXIMAL_NEWTON, whole, options);
  let partialPasses = 0;
  const counted = <T extends { readonly passes: number }>(at: T): T => ({
    ...at,
    passes: whole.passes + partialPasses,
  });
  const finished = (status: Solution['status']) => counted(progress.solution(status, theta));

  let seenInSingle = false;
  if (vectors.dot(theta, theta) === 0) {
    const frequencies = classFrequencies(runtime, problem.trainingSet);
    if (problem.intercept) theta.set(interceptsAlone(frequencies, layout), layout.nFeatures * layout.stride);
    if (frequencies.every((frequency) => frequency > 0)) {
      whole.smoothValueAndGradient(theta, gradient, 'single');
      findPeaks();
      seenInSingle = exceeds(peaks, CLEARLY * penalty.lasso);
    }
  }
  if (!seenInSingle) {
    progress.certify(theta, gradient);
    if (progress.isConverged()) return finished('converged');
    findPeaks();
  }
  let tolerance = Math.max(options.tolerance, FIRST_TOLERANCE);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const mark = arena.mark();
    const features = featuresToTake(runtime, peaks, NEARLY_NEEDED * penalty.lasso);
    const part = partOf(runtime, problem, matrix, features, whole.moments ?? null);
    takeFeatures(theta, part.theta, features, layout.stride);
    const maxIterations = Math.max(0, options.maxIterations - progress.iterations);
    const limits = { ...options, tolerance, maxIterations };
    const { objective, hessian } = part;
    const run = modelDescent(PROXIMAL_NEWTON, objective, hessian, part.theta, limits, CONTINUATION);
    const before = partialPasses;
    let step = run.next();
    for (; !step.done; step = run.next()) {
      partialPasses = before + part.share * step.value.passes;
      yield counted(progress.iteration(step.value.objective));
    }
    partialPasses = before + part.share * objective.passes;
    putFeatures(part.theta, theta, features, layout.stride);
    arena.release(mark);
    progress.take(whole.certifyHere(theta, gradient));
    if (progress.isConverged()) return finished('converged');
    const found = step.value;
    if (found === null) break;
    if (isCutOff(found.status)) return finished(found.status);
    findPeaks();
    tolerance = exceeds(peaks, penalty.lasso, features) ? options.tolerance : TIGHTER * tolerance;
  }
  let iterations = progress.iterations;
  const rest = { ...options, maxIterations: Math.max(0, options.maxIterations - iterations) };
  const run = proximalNewton(whole, theta, rest);
  let step = run.next();
  for (; !step.done; step = run.next()) {
    iterations++;
    yield counted({ ...step.value, iteration: iterations });
  }
  return counted({ ...step.value, iterations });
}

/**
 * The best b for W = 0, of mean 0; from 0 text took three more passes in double precision to find it. A class without rows
 * has that of one with all of them.
 */
function interceptsAlone(frequencies: Float64Array, { nClasses }: ParameterLayout): Float64Array {
  const logs = frequencies.map((frequency) => (frequency > 0 ? log(frequency) : 0));
  const mean = logs.reduce((sum, b) => sum + b / nClasses, 0);
  return nClasses === 1 ? Float64Array.of(logs[1] - logs[0]) : logs.map((b) => b - mean);
}

/** The problem on some columns, W = 0. */
function partOf(
  runtime: Runtime,
  problem: Problem,
  matrix: DenseMatrix | SparseMatrix,
  features: readonly number[],
  moments: ClassMoments | null,
) {
  const columns =
    matrix.kind === 'dense'
      ? copyOfColumns(runtime, matrix, features)
      : copyOfSparseColumns(runtime, matrix, features);
  const trainingSet = { ...problem.trainingSet, matrix: columns };
  const objective = softmaxObjective(runtime, { ...problem, trainingSet }, moments);
  const { activeHessian } = objective;
  if (!activeHessian) throw new Error('a lasso has a Hessian of its active coordinates');
  return {
    objective,
    hessian: activeHessian,
    theta: objective.vectors.zeros(objective.layout.size),
    share: (valuesOf(columns) + 1) / (valuesOf(matrix) + 1),
  };
}

function valuesOf(matrix: DenseMatrix | SparseMatrix): number {
  return matrix.kind === 'dense' ? matrix.nFeatures : matrix.nonzeros;
}

/**
 * Ascending: all with a weight, and of the others whose gradient passes `bound` those where it is largest, of equal ones
 * all.
 */
function featuresToTake(
  { arena, kernels }: Runtime,
  { length, byteOffset }: Float64Array,
  bound: number,
): readonly number[] {
  const mark = arena.mark();
  const scratch = arena.allocateUnset(length * 8);
  const list = arena.allocateUnset(length * 4);
  const count = kernels.chooseFeatures(byteOffset, length, bound, FEWEST_TAKEN, scratch, list);
  const features = Array.from(arena.u32(list, count));
  arena.release(mark);
  // Where no feature tells anything, one of them stands for all.
  return count === 0 ? [0] : features;
}

/** Whether some feature's gradient passes `bound`, of those that are not in `features`, ascending. */
function exceeds(peaks: Float64Array, bound: number, features: readonly number[] = []): boolean {
  let next = 0;
  for (let j = 0; j < peaks.length; j++) {
    if (j === features[next]) next++;
    else if (peaks[j] > bound) return true;
  }
  return false;
}
