import type { TrainingData } from '../data/training-data.ts';
import { DataError, ModelError } from '../errors.ts';
import { type ParameterLayout, parameterLayout } from '../problem/parameters.ts';
import { penaltyCoefficients } from '../problem/penalty.ts';
import type { Problem } from '../problem/problem.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Platform } from '../runtime/platform.ts';
import { singleThreadRuntime } from '../runtime/single-thread.ts';
import { returnWorkbench, takeWorkbench, type Workbench } from '../runtime/workbench.ts';
import type { Iteration, Solution } from '../solvers/solver.ts';
import { Classifier } from './classifier.ts';
import { type DataSummary, dataSource, type FitData, summarize } from './fit-data.ts';
import type { FitOptions, WarmStart } from './options.ts';
import { fromOriginalUnits, toOriginalUnits } from './original-units.ts';
import { problemLoss } from './problem-description.ts';
import { type ResolvedFitOptions, resolveFitOptions } from './resolve-options.ts';
import { combinedWeights } from './sample-weights.ts';
import { trainHere } from './train-here.ts';
import { trainingPlace } from './training-place.ts';
import type { TrainingTask } from './training-task.ts';

export interface TrainListener {
  onData(summary: DataSummary): void;
  onIteration(iteration: Iteration): void;
}

/** A fit from end to end: check, place the data, solve, fold back into original units, give the memory back. */
export async function train(
  platform: Platform,
  data: FitData,
  options: FitOptions,
  listener: TrainListener,
): Promise<Classifier> {
  const began = performance.now();
  const source = dataSource(data);
  const resolved = resolveFitOptions(options, { sparse: source.sparse });
  const bench = await takeWorkbench(platform);
  const mark = bench.arena.mark();
  let writing = false;
  try {
    const training = await source.place(bench.arena, {
      standardize: resolved.problem.standardize,
      center: canCentre(resolved.problem),
    });
    expectClasses(bench.arena, training);
    listener.onData(summarize(training));
    const posed = pose(bench.arena, training, resolved);
    const { tolerance, maxIterations, maxSeconds, seed, solver, signal, onIteration } = resolved;
    const task: TrainingTask = {
      ...posed,
      solver,
      limits: { tolerance, maxIterations, maxSeconds, seed },
      clock: () => (performance.now() - began) / 1000,
      signal,
      onIteration(iteration) {
        listener.onIteration(iteration);
        onIteration?.(iteration);
      },
    };
    const chosen = trainingPlace(platform, training.matrix, training.classes.length, resolved.threads);
    writing = chosen.kind === 'worker';
    const solution =
      chosen.kind === 'here'
        ? await trainHere(singleThreadRuntime(bench.arena, bench.kernels), task)
        : await trainInWorker(platform, bench, chosen.threads, task);
    writing = false;
    return classifier(training, resolved, posed.layout, solution);
  } finally {
    // After a failure a worker may still be writing: that memory is left to the garbage collector.
    if (!writing) returnWorkbench(bench, mark);
  }
}

async function trainInWorker(
  platform: Platform,
  bench: Workbench,
  threads: number,
  task: TrainingTask,
): Promise<Solution> {
  const { trainElsewhere } = await import('./train-elsewhere.ts');
  return trainElsewhere(platform, bench.arena, threads, task);
}

function expectClasses(arena: Arena, { classes, labels, matrix, sampleWeights }: TrainingData) {
  if (classes.length === 0) throw new DataError('there is no row to learn from');
  if (classes.length === 1) {
    throw new DataError(`every row is of class "${classes[0]}"; at least two classes are needed`);
  }
  if (sampleWeights === null) return;
  const indices = arena.u32(labels, matrix.nSamples);
  const first = sampleWeights.findIndex((v) => v > 0);
  if (first < 0) throw new DataError('no row has a weight > 0');
  if (sampleWeights.some((v, i) => v > 0 && indices[i] !== indices[first])) return;
  throw new DataError(
    `every row of a weight > 0 is of class "${classes[indices[first]]}"; at least two classes are needed`,
  );
}

/** Dropout sets features to zero, which must stay where it was unless they are standardized. */
function canCentre({ intercept, standardize, dropout }: ResolvedFitOptions['problem']): boolean {
  return intercept && (standardize || dropout === 0);
}

interface PosedProblem {
  readonly problem: Problem;
  readonly theta: Float64Array;
  readonly layout: ParameterLayout;
}

function pose(
  arena: Arena,
  training: TrainingData,
  { problem, classWeight, warmStart }: ResolvedFitOptions,
): PosedProblem {
  const { matrix, classes, labels, standardization } = training;
  const weights = combinedWeights(
    arena.u32(labels, matrix.nSamples),
    classes,
    training.sampleWeights,
    classWeight,
  );
  let sampleWeights = 0;
  if (weights !== null) {
    const placed = arena.allocateF64(weights.length);
    placed.set(weights);
    sampleWeights = placed.byteOffset;
  }
  const layout = parameterLayout(matrix.nFeatures, classes.length);
  const theta = arena.allocateF64(layout.size);
  if (warmStart !== null) {
    expectFitting(warmStart, training);
    fromOriginalUnits(warmStart, layout, standardization, problem.intercept, theta);
  }
  return {
    problem: {
      trainingSet: { matrix, nClasses: classes.length, labels, sampleWeights },
      loss: problemLoss(problem),
      penalty: penaltyCoefficients(problem.penalty, problem.lambda, problem.beta ?? undefined),
      intercept: problem.intercept,
      dropout: problem.dropout,
    },
    theta,
    layout,
  };
}

function expectFitting(warmStart: WarmStart, { classes, matrix }: TrainingData) {
  if (classes.length !== warmStart.classes.length || classes.some((c, k) => c !== warmStart.classes[k])) {
    throw new ModelError(
      `"warmStart" knows the classes ${warmStart.classes.join(', ')}, the data has ${classes.join(', ')}`,
      { field: 'classes' },
    );
  }
  if (warmStart.nFeatures !== matrix.nFeatures) {
    throw new ModelError(
      `"warmStart" has ${warmStart.nFeatures} features, the data has ${matrix.nFeatures}`,
      { field: 'nFeatures' },
    );
  }
}

function classifier(
  { classes, encoding, featureNames, matrix, standardization }: TrainingData,
  { problem, tolerance }: ResolvedFitOptions,
  layout: ParameterLayout,
  { theta, lowerBound, relativeGap, separatedClasses = [], ...solution }: Solution,
): Classifier {
  const certified = lowerBound !== null && relativeGap !== null;
  const { objective, status, solver, stationarity, iterations, passes } = solution;
  return new Classifier({
    classes,
    encoding,
    featureNames,
    nFeatures: matrix.nFeatures,
    ...toOriginalUnits(theta, layout, standardization),
    problem,
    status,
    solver,
    objective,
    certificate: certified ? { objective, lowerBound, relativeGap, tolerance } : null,
    stationarity,
    iterations,
    passes,
    separatedClasses: separatedClasses.map((k) => classes[k]),
  });
}
