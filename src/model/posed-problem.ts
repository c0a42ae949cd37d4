import type { PlaceOptions } from '../data/table.ts';
import type { TrainingData } from '../data/training-data.ts';
import { DataError, ModelError } from '../errors.ts';
import { type ParameterLayout, parameterLayout } from '../problem/parameters.ts';
import { penaltyCoefficients } from '../problem/penalty.ts';
import type { Problem } from '../problem/problem.ts';
import type { Arena } from '../runtime/arena.ts';
import { growingRuntime } from '../runtime/growing-runtime.ts';
import type { Platform } from '../runtime/platform.ts';
import type { Workbench } from '../runtime/workbench.ts';
import type { DataSource } from './fit-data.ts';
import type { WarmStart } from './options.ts';
import { fromOriginalUnits } from './original-units.ts';
import { problemLoss } from './problem-description.ts';
import type { ResolvedFitOptions } from './resolve-options.ts';
import { combinedWeights } from './sample-weights.ts';

/** Places the data as the problem wants it. Throws a DataError where there are not two classes to tell apart. */
export async function placeOn(
  platform: Platform,
  bench: Workbench,
  source: DataSource,
  { problem, threads }: Pick<ResolvedFitOptions, 'problem' | 'threads'>,
  onSize: PlaceOptions['onSize'] = () => {},
): Promise<TrainingData> {
  const training = await source.place(growingRuntime(platform, bench, threads), {
    standardize: problem.standardize,
    center: canCentre(problem),
    onSize,
  });
  expectClasses(bench.arena, training);
  return training;
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

export interface PosedProblem {
  readonly problem: Problem;
  readonly theta: Float64Array;
  readonly layout: ParameterLayout;
}

/** The problem on the placed data, and where its solver starts. */
export function pose(
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
