import type { TrainingData } from '../data/training-data.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Solution } from '../solvers/solver.ts';
import { Classifier } from './classifier.ts';
import { fewInOriginalUnits, toOriginalUnits } from './original-units.ts';
import type { ResolvedFitOptions } from './resolve-options.ts';

/**
 * The model that a solution makes, in original units; θ, in the kernels' memory, is copied. `present`: the features with
 * weights, where they are few and only theirs are to be kept.
 */
export function trainedClassifier(
  runtime: Pick<Runtime, 'arena' | 'run'>,
  { classes, encoding, featureNames, matrix, standardization }: TrainingData,
  { problem, tolerance }: Pick<ResolvedFitOptions, 'problem' | 'tolerance'>,
  layout: ParameterLayout,
  { theta, lowerBound, relativeGap, separatedClasses = [], ...solution }: Solution,
  present: Uint32Array | null = null,
): Classifier {
  const certified = lowerBound !== null && relativeGap !== null;
  const { objective, status, solver, stationarity, iterations, passes } = solution;
  return new Classifier({
    classes,
    encoding,
    featureNames,
    nFeatures: matrix.nFeatures,
    ...(present === null
      ? toOriginalUnits(runtime, theta, layout, standardization)
      : fewInOriginalUnits(theta, layout, standardization, present)),
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
