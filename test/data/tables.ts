import type { ByteSource } from '../../src/data/byte-source.ts';
import { textSource } from '../../src/data/byte-source.ts';
import type { DesignMatrix } from '../../src/data/design-matrix.ts';
import type { FeatureBatch } from '../../src/data/feature-batch.ts';
import { readTable } from '../../src/data/read-table.ts';
import type { Table, TableOptions } from '../../src/data/table.ts';
import type { TrainingData } from '../../src/data/training-data.ts';
import { DataError } from '../../src/errors.ts';
import type { Arena } from '../../src/runtime/arena.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

export interface Placed extends TrainingData {
  readonly table: Table;
  readonly arena: Arena;
  /** The matrix as plain rows, centred. */
  readonly rows: number[][];
  /** The class of each row. */
  readonly y: unknown[];
}

/** Reads a text and puts it in memory, as it is unless it is to be standardized. */
export async function place(text: string, options: TableOptions = {}, standardize = false): Promise<Placed> {
  return placeSource(textSource(text, 't.csv'), options, standardize);
}

export async function placeSource(
  source: ByteSource,
  options: TableOptions = {},
  standardize = false,
): Promise<Placed> {
  const table = await readTable(source, options);
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const data = await table.place(runtime, { standardize });
  const labels = arena.u32(data.labels, data.matrix.nSamples);
  return {
    ...data,
    table,
    arena,
    rows: matrixRows(arena, data.matrix),
    y: [...labels].map((k) => data.classes[k]),
  };
}

/** The error that a text is refused with. */
export async function refusal(text: string, options: TableOptions = {}): Promise<DataError> {
  return refused(() => place(text, options));
}

export async function refused(run: () => Promise<unknown>): Promise<DataError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export function matrixRows(arena: Arena, matrix: DesignMatrix): number[][] {
  const { nSamples, nFeatures } = matrix;
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, nSamples * matrix.stride);
    return Array.from({ length: nSamples }, (_, i) => [
      ...values.subarray(i * matrix.stride, i * matrix.stride + nFeatures),
    ]);
  }
  const rowStarts = arena.u32(matrix.rowStarts, nSamples + 1);
  const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const values = arena.f32(matrix.rowValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, nFeatures);
  return Array.from({ length: nSamples }, (_, i) => {
    const row = Array.from({ length: nFeatures }, (_, j) => -(center?.[j] ?? 0) + 0);
    for (let p = rowStarts[i]; p < rowStarts[i + 1]; p++) row[indices[p]] += values[p];
    return row;
  });
}

export function batchToRows(batch: FeatureBatch): number[][] {
  const { nRows, nFeatures } = batch;
  if (batch.kind === 'dense') {
    return Array.from({ length: nRows }, (_, i) => [
      ...batch.values.subarray(i * nFeatures, (i + 1) * nFeatures),
    ]);
  }
  return Array.from({ length: nRows }, (_, i) => {
    const row = new Array<number>(nFeatures).fill(0);
    for (let p = batch.rowStarts[i]; p < batch.rowStarts[i + 1]; p++) row[batch.indices[p]] = batch.values[p];
    return row;
  });
}
