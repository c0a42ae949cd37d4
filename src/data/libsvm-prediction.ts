import { DataError } from '../errors.ts';
import { type ByteSource, textChunks } from './byte-source.ts';
import type { SparseBatch } from './feature-batch.ts';
import { GrowingF64, GrowingU32 } from './growing-list.ts';
import { LibsvmRows, type LibsvmSink } from './libsvm-rows.ts';
import type { PredictionBatch, PredictionRows, RowModel } from './prediction-rows.ts';
import { decodeText } from './text-encoding.ts';

/** Whether features count from 1, as the format does; where the training data counted from 0, their names do. */
function firstIndexOf({ featureNames }: RowModel): 0 | 1 {
  return featureNames?.[0] === '0' ? 0 : 1;
}

/** LIBSVM data read for prediction, as `predictionRows` describes it; rows stay sparse. */
export function libsvmPrediction(source: ByteSource, model: RowModel): PredictionRows {
  const sink = new BatchSink(model.nFeatures, firstIndexOf(model), source.name);
  return {
    name: source.name,
    hasTarget: true,
    decimal: '.',
    batches: readBatches(source, sink),
    warnings: () => sink.warnings(),
  };
}

/** Rows are handed on by about 1 MB of entries. */
const BATCH_ENTRIES = 1 << 16;
const BATCH_ROWS = 4096;

async function* readBatches(source: ByteSource, sink: BatchSink): AsyncGenerator<PredictionBatch> {
  const rows = new LibsvmRows(source.name, sink);
  for await (const chunk of textChunks(source)) {
    // A large chunk is cut, so that a batch does not outgrow its size by much.
    for (let from = 0; from < chunk.length; from += BATCH_ENTRIES) {
      rows.feed(chunk.subarray(from, from + BATCH_ENTRIES));
      if (sink.isFull()) yield sink.takeBatch();
    }
  }
  rows.finish();
  if (!sink.isEmpty()) yield sink.takeBatch();
}

class BatchSink implements LibsvmSink {
  private readonly nFeatures: number;
  private readonly firstIndex: number;
  private readonly file: string;
  private rowStarts = new GrowingU32();
  private indices = new GrowingU32();
  private values = new GrowingF64();
  private targets: (string | null)[] = [];
  private firstRow = 1;
  private ignored = 0;
  private line = 0;

  constructor(nFeatures: number, firstIndex: number, file: string) {
    this.nFeatures = nFeatures;
    this.firstIndex = firstIndex;
    this.file = file;
  }

  row(bytes: Uint8Array, start: number, end: number, line: number): void {
    this.rowStarts.push(this.indices.length);
    this.targets.push(start === end ? null : decodeText(bytes.subarray(start, end)));
    this.line = line;
  }

  entry(index: number, value: number): void {
    const feature = index - this.firstIndex;
    if (feature < 0) {
      throw new DataError('index 0 in data for a model whose features count from 1', {
        file: this.file,
        line: this.line,
        text: '0',
        hint: 'write the data as the training data was written',
      });
    }
    if (feature >= this.nFeatures) {
      this.ignored++;
    } else if (value !== 0) {
      this.indices.push(feature);
      this.values.push(value);
    }
  }

  isFull(): boolean {
    return this.targets.length >= BATCH_ROWS || this.indices.length >= BATCH_ENTRIES;
  }

  isEmpty(): boolean {
    return this.targets.length === 0;
  }

  takeBatch(): PredictionBatch {
    const nRows = this.targets.length;
    this.rowStarts.push(this.indices.length);
    const features: SparseBatch = {
      kind: 'sparse',
      nRows,
      nFeatures: this.nFeatures,
      rowStarts: this.rowStarts.view(),
      indices: this.indices.view(),
      values: this.values.view(),
    };
    const batch = { features, firstRow: this.firstRow, targets: this.targets };
    this.rowStarts = new GrowingU32();
    this.indices = new GrowingU32();
    this.values = new GrowingF64();
    this.targets = [];
    this.firstRow += nRows;
    return batch;
  }

  warnings(): string[] {
    if (this.ignored === 0) return [];
    return [
      `${this.ignored} ${this.ignored === 1 ? 'value lies' : 'values lie'} past the model's ${this.nFeatures} features and ${this.ignored === 1 ? 'is' : 'are'} ignored`,
    ];
  }
}
