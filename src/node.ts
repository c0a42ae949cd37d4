/**
 * Linear classifiers trained to a certified optimum: the entry for Node.
 *
 * @module
 */

import type { SourceInput } from './data/byte-source.ts';
import type { PredictionOptions, PredictionRows, RowModel } from './data/prediction-rows.ts';
import type { Table, TableOptions } from './data/table.ts';
import { type FitRun, fitOn } from './model/fit.ts';
import type { FitData } from './model/fit-data.ts';
import type { FitOptions } from './model/options.ts';
import { nodePlatform } from './runtime/platform-node.ts';
import type { LambdaPath, LambdaPathOptions } from './selection/lambda-path.ts';

// A name exported here stands before the same name of index.ts.
export * from './index.ts';

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
  return fitOn(nodePlatform, data, options);
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
  return (await import('./selection/lambda-path.ts')).fitPathOn(nodePlatform, data, options);
}

/**
 * Opens a table to train on: the path of a file (`-` is standard input), bytes, a Blob or a stream; CSV with
 * any delimiter or LIBSVM format, plain or gzip. Give it to `fit`.
 *
 * Throws a DataError for a file that cannot be read or is empty, a header only, duplicate names or a column
 * that is not there.
 */
export async function readTable(
  source: string | URL | SourceInput,
  options: TableOptions = {},
): Promise<Table> {
  return (await import('./data/node-files.ts')).readTableFile(source, options);
}

/**
 * Opens a file by its path (`-` is standard input), or any other source, to predict its rows batch by batch:
 * `model.predict(batch.features)`. Columns are found by name, in any order; others are ignored.
 *
 * Throws a ModelError naming the columns that the model needs and the file lacks, and a DataError with line
 * and column for a text where the model has numbers.
 */
export async function predictionRows(
  source: string | URL | SourceInput,
  model: RowModel,
  options: PredictionOptions = {},
): Promise<PredictionRows> {
  const [{ fileSource }, rows, { readingRuntime }] = await Promise.all([
    import('./data/node-files.ts'),
    import('./data/prediction-rows.ts'),
    import('./runtime/workbench.ts'),
  ]);
  const input = typeof source === 'string' || source instanceof URL ? fileSource(source) : source;
  return rows.predictionRows(input, model, options, () => readingRuntime(nodePlatform));
}
