/**
 * Linear classifiers trained to a certified optimum: the entry for browsers, which imports nothing of Node.
 * In Node the package's entry is node.ts: the same and files.
 *
 * @module
 */

import type { SourceInput } from './data/byte-source.ts';
import type { PredictionOptions, PredictionRows, RowModel } from './data/prediction-rows.ts';
import type { Table, TableOptions } from './data/table.ts';
import { type FitRun, fitOn } from './model/fit.ts';
import type { FitData } from './model/fit-data.ts';
import type { FitOptions } from './model/options.ts';
import { webPlatform } from './runtime/platform-web.ts';
import type { LambdaPath, LambdaPathOptions } from './selection/lambda-path.ts';

/**
 * Trains a classifier: finds W and b that minimize
 *   L(W, b) = Σᵢ vᵢ ℓ(W xᵢ + b, yᵢ) / Σᵢ vᵢ + λ R(W)
 * and certifies how close to the minimum they are. Await the run for the model, iterate over it for progress.
 *
 * `data` is { X, y, sampleWeight? } or a table (readTable); FitOptions tell the losses, penalties and all
 * defaults. Starts at once. What is wrong rejects the run: TypeError and RangeError for options and arrays,
 * UnsupportedError for what cannot be combined, DataError for data that cannot be learned from, ModelError
 * for a warm start that does not fit, CapacityError beyond 4 GB. A fit that stops early is no error: the
 * model's `status` tells.
 */
export function fit(data: FitData, options: FitOptions = {}): FitRun {
  return fitOn(webPlatform, data, options);
}

/**
 * Trains one classifier for each λ of a falling sequence, softmax with L1 or the elastic net, each from where the last
 * one ended: much faster than as many fits. By default 100 λs from the least at which W = 0. Each model is certified:
 * `status` is 'converged' where its relative gap is at most the tolerance, 1e-5 by default.
 *
 * `data` and errors are those of `fit`; hinge, L2 and dropout are an UnsupportedError. A signal, or a limit, ends the
 * path with the λs done so far. On a page's main thread it runs in slices on that thread alone.
 */
export async function fitPath(data: FitData, options: LambdaPathOptions = {}): Promise<LambdaPath> {
  return (await import('./selection/lambda-path.ts')).fitPathOn(webPlatform, data, options);
}

/**
 * Opens a table to train on: bytes, a File, a Blob or a stream; CSV with any delimiter or LIBSVM format,
 * plain or gzip. Give it to `fit`.
 *
 * Throws a DataError for an empty file, a header only, duplicate names or a column that is not there.
 */
export async function readTable(source: SourceInput, options: TableOptions = {}): Promise<Table> {
  return (await import('./data/read-table.ts')).readTable(source, options);
}

/** Opens a table in a text, as readTable does. */
export async function parseTable(text: string, options: TableOptions = {}): Promise<Table> {
  return (await import('./data/read-table.ts')).parseTable(text, options);
}

/**
 * Opens a file, or any other source, to predict its rows batch by batch: `model.predict(batch.features)`.
 * Columns are found by name, in any order; others are ignored.
 *
 * Throws a ModelError naming the columns that the model needs and the file lacks, and a DataError with line
 * and column for a text where the model has numbers.
 */
export async function predictionRows(
  source: SourceInput,
  model: RowModel,
  options: PredictionOptions = {},
): Promise<PredictionRows> {
  const [rows, { readingRuntime }] = await Promise.all([
    import('./data/prediction-rows.ts'),
    import('./runtime/workbench.ts'),
  ]);
  return rows.predictionRows(source, model, options, () => readingRuntime(webPlatform));
}

export type { ByteSource, SourceInput } from './data/byte-source.ts';
export type { ClassLabel } from './data/class-labels.ts';
export type { CsvOptions } from './data/csv-dialect.ts';
export type { Encoding } from './data/encoding.ts';
export type { FeatureBatch } from './data/feature-batch.ts';
export type { DenseInput, FeatureInput, SparseInput } from './data/feature-input.ts';
export type { PredictionBatch, PredictionOptions, PredictionRows, RowModel } from './data/prediction-rows.ts';
export type { PlaceOptions, Table, TableOptions } from './data/table.ts';
export type { HeldOut } from './data/training-data.ts';
export { CapacityError, DataError, type DataErrorPlace, ModelError, UnsupportedError } from './errors.ts';
export { Classifier } from './model/classifier.ts';
export type { ModelCertificate } from './model/classifier-state.ts';
export type { FitRun } from './model/fit.ts';
export type { ArrayData, DataSource, DataSummary, FitData } from './model/fit-data.ts';
export { loadModel, modelText } from './model/model-file.ts';
export type { ModelJson, ModelSolution } from './model/model-json.ts';
export type { FitOptions, LossName, PenaltyName, WarmStart } from './model/options.ts';
export type { ProblemDescription } from './model/problem-description.ts';
export { crossEntropy, crossEntropyGradient } from './problem/cross-entropy.ts';
export { hinge, hingeGradient } from './problem/hinge.ts';
export { elasticNet, l1, l2, type Penalty, proxL1, type SmoothPenalty } from './problem/penalties.ts';
export { logSoftmax, logSumExp, softmax } from './problem/softmax.ts';
export { type ClassMetrics, collectMetrics, type Metrics, type MetricsCollector } from './report/metrics.ts';
export type { LambdaPath, LambdaPathOptions } from './selection/lambda-path.ts';
export type { Iteration, Status } from './solvers/solver.ts';
