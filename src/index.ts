/**
 * Linear classifiers trained to a certified optimum: the entry for browsers, which imports nothing of Node.
 * In Node the package's entry is node.ts: the same and files.
 *
 * @module
 */

import { type FitRun, fitOn } from './model/fit.ts';
import type { FitData } from './model/fit-data.ts';
import type { FitOptions } from './model/options.ts';
import { webPlatform } from './runtime/platform-web.ts';

/** Trains a classifier; {@link fitOn} tells what it minimizes, what it takes and what it throws. */
export function fit(data: FitData, options: FitOptions = {}): FitRun {
  return fitOn(webPlatform, data, options);
}

export type { ClassLabel } from './data/class-labels.ts';
export type { DenseInput, FeatureInput, SparseInput } from './data/feature-input.ts';
export type { PlaceOptions, Table, TableOptions } from './data/table.ts';
export type { HeldOut } from './data/training-data.ts';
export { CapacityError, DataError, ModelError, UnsupportedError } from './errors.ts';
export { Classifier } from './model/classifier.ts';
export type { ModelCertificate } from './model/classifier-state.ts';
export type { FitRun } from './model/fit.ts';
export type { ArrayData, DataSource, DataSummary, FitData } from './model/fit-data.ts';
export { loadModel, modelText } from './model/model-file.ts';
export type { ModelJson } from './model/model-json.ts';
export type {
  FitOptions,
  LossName,
  PenaltyName,
  ProblemDescription,
  WarmStart,
} from './model/options.ts';
export { crossEntropy, crossEntropyGradient } from './problem/cross-entropy.ts';
export { hinge, hingeGradient } from './problem/hinge.ts';
export { elasticNet, l1, l2, type Penalty, proxL1, type SmoothPenalty } from './problem/penalties.ts';
export { logSoftmax, logSumExp, softmax } from './problem/softmax.ts';
export type { Iteration, Status } from './solvers/solver.ts';
