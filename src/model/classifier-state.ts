import type { ClassLabel } from '../data/class-labels.ts';
import type { Encoding } from '../data/encoding.ts';
import type { Status } from '../solvers/solver.ts';
import type { ProblemDescription } from './problem-description.ts';

/** Proof of how good the model is, in the units of the problem as solved (see `standardize`). */
export interface ModelCertificate {
  readonly objective: number;
  /** No weights at all have an objective below this. */
  readonly lowerBound: number;
  /** (objective − lowerBound) / max(|objective|, tiny) */
  readonly relativeGap: number;
  /** The relative gap that was asked for. */
  readonly tolerance: number;
}

/** Everything that a model is: what the model file holds. */
export interface ClassifierState {
  readonly classes: readonly ClassLabel[];
  /** How a table's columns become features; null for arrays and LIBSVM data. */
  readonly encoding: Encoding | null;
  /** One name for each feature, or null where they have none. */
  readonly featureNames: readonly string[] | null;
  readonly nFeatures: number;
  /** nClasses × nFeatures, row-major, in original units */
  readonly weights: Float64Array;
  /** nClasses */
  readonly intercepts: Float64Array;
  readonly problem: ProblemDescription;
  readonly status: Status;
  /** The algorithm that found the weights. */
  readonly solver: string;
  /** The objective at the weights; an estimate under dropout. */
  readonly objective: number;
  /** null where no finite certificate exists: λ = 0, dropout. */
  readonly certificate: ModelCertificate | null;
  /** The largest violation of the optimality conditions. */
  readonly stationarity: number;
  readonly iterations: number;
  /** Passes over the data. */
  readonly passes: number;
  /** The classes that separate from all others; empty unless status is 'separable'. */
  readonly separatedClasses: readonly ClassLabel[];
}

/** Weights of few features; those of all others are 0. */
export interface FewWeights {
  /** Ascending. */
  readonly features: Uint32Array;
  /** nClasses × features.length, row-major, in original units */
  readonly values: Float64Array;
}

/** What a classifier is made of. */
export interface ClassifierParts extends Omit<ClassifierState, 'weights'> {
  /** As in ClassifierState, or the few, which are spread out when they are first asked for. */
  readonly weights: Float64Array | FewWeights;
}

/** nClasses × nFeatures, row-major */
export function spreadOut(
  { features, values }: FewWeights,
  nClasses: number,
  nFeatures: number,
): Float64Array {
  const weights = new Float64Array(nClasses * nFeatures);
  const count = features.length;
  for (let k = 0; k < nClasses; k++) {
    for (let f = 0; f < count; f++) weights[k * nFeatures + features[f]] = values[k * count + f];
  }
  return weights;
}
