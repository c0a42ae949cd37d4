import { ModelError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { byteSource, type SourceInput } from './byte-source.ts';
import type { CsvOptions } from './csv-dialect.ts';
import { csvPrediction } from './csv-prediction.ts';
import type { Encoding } from './encoding.ts';
import type { FeatureBatch } from './feature-batch.ts';
import { libsvmPrediction } from './libsvm-prediction.ts';
import { isLibsvm, takeSample } from './read-table.ts';
import { rereadable } from './rereadable-source.ts';
import { decodeText } from './text-encoding.ts';

/** What of a model decides how rows are read for it. */
export interface RowModel {
  /** null for a model of arrays or LIBSVM data. */
  readonly encoding: Encoding | null;
  readonly nFeatures: number;
  readonly featureNames: readonly string[] | null;
}

export interface PredictionOptions extends CsvOptions {
  readonly format?: 'auto' | 'csv' | 'libsvm';
  /** How messages call the source. */
  readonly name?: string;
}

/** Consecutive rows of a file, as the model takes them. */
export interface PredictionBatch {
  /** Valid until the next batch is asked for. */
  readonly features: FeatureBatch;
  /** The number of the first row, from 1, the header not counted. */
  readonly firstRow: number;
  /** What stands in the target's place, row by row (null where nothing does); null where the file has no target. */
  readonly targets: readonly (string | null)[] | null;
}

export interface PredictionRows {
  /** How messages call the source. */
  readonly name: string;
  /** Whether the file has the target too, so that the model can be measured on it. */
  readonly hasTarget: boolean;
  /** Decimal mark of the file, for targets that are numbers. */
  readonly decimal: '.' | ',';
  /** The rows in order, a batch at a time; memory does not grow with the file. To be read once. */
  readonly batches: AsyncIterable<PredictionBatch>;
  /** What there is to tell the user, as whole sentences; complete when the last batch was read. */
  warnings(): readonly string[];
}

/**
 * Opens a file, or any other source, to predict its rows. Columns are found by name, in any order; others
 * are ignored. Larger tables are read by `kernels`, on a runtime that belongs to this reading.
 *
 * Throws a ModelError naming the columns that the model needs and the file lacks, and a DataError with line
 * and column for a text where the model has numbers.
 */
export async function predictionRows(
  source: SourceInput,
  model: RowModel,
  options: PredictionOptions = {},
  kernels: () => Promise<Runtime | null> = async () => null,
): Promise<PredictionRows> {
  const bytes = rereadable(byteSource(source, options.name), 'once');
  const { sample, whole } = await takeSample(bytes);
  const libsvm = isLibsvm(sample, bytes.name, options);
  if (model.encoding === null) {
    if (!libsvm && sample.length > 0 && !holdsEntries(sample)) {
      throw new ModelError(`the model was trained on LIBSVM data or arrays, and ${bytes.name} is a table`, {
        hint: 'give LIBSVM data, or train on a table',
      });
    }
    return libsvmPrediction(bytes, model);
  }
  if (libsvm) {
    throw new ModelError(`the model was trained on a table, and ${bytes.name} is LIBSVM data`, {
      hint: `give a table with the columns ${model.encoding.columns
        .slice(0, 5)
        .map((column) => column.name)
        .join(', ')}${model.encoding.columns.length > 5 ? ', …' : ''}`,
    });
  }
  // A small table is read before kernels are there.
  const runtime = whole ? null : await kernels();
  return csvPrediction(bytes, sample, whole, model.encoding, options, runtime);
}

/** Whether anything of the form index:value is there; lines may lack their label here. */
function holdsEntries(sample: Uint8Array): boolean {
  return /(?:^|\s)\d+:\S/.test(decodeText(sample.subarray(0, 8192)));
}
