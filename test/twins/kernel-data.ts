import type { DenseMatrix, SparseMatrix, TrainingSet } from '../../src/data/design-matrix.ts';
import { entriesBeside } from '../../src/problem/compact-rows.ts';
import { columnsApart } from '../../src/problem/mixed-rows.ts';
import type { Arena } from '../../src/runtime/arena.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { PlainData } from './plain-passes.ts';

/** The plain data as a dense matrix in the kernels' memory. Values must be f32 for the two to be the same. */
export function denseTrainingSet(arena: Arena, data: PlainData, extraStride = 0): TrainingSet {
  const { X } = data;
  const nFeatures = X[0]?.length ?? 0;
  const stride = Math.ceil(nFeatures / 4) * 4 + extraStride;
  const values = arena.allocateF32(X.length * stride);
  for (const [i, row] of X.entries()) values.set(row, i * stride);
  const matrix: DenseMatrix = {
    kind: 'dense',
    nSamples: X.length,
    nFeatures,
    stride,
    values: values.byteOffset,
  };
  return trainingSet(arena, data, matrix);
}

/** denseTrainingSet, laid out compactly beside `base` as well, however many values differ from it. */
export function compactTrainingSet(
  runtime: Runtime,
  data: PlainData,
  base: readonly number[],
  extraStride = 0,
): TrainingSet {
  const set = denseTrainingSet(runtime.arena, data, extraStride);
  if (set.matrix.kind !== 'dense') throw new Error('no dense rows');
  const padded = new Float32Array(set.matrix.stride);
  padded.set(base);
  const compact = entriesBeside(runtime, set.matrix, padded, Number.POSITIVE_INFINITY);
  if (compact === null) throw new Error('no compact rows');
  return { ...set, matrix: { ...set.matrix, compact } };
}

/** denseTrainingSet of four features at least, some of the columns apart, however many values differ from `base`. */
export function mixedTrainingSet(
  runtime: Runtime,
  data: PlainData,
  base: readonly number[],
  extraStride = 0,
): TrainingSet {
  const set = denseTrainingSet(runtime.arena, data, extraStride);
  if (set.matrix.kind !== 'dense') throw new Error('no dense rows');
  const padded = runtime.arena.allocateF32(set.matrix.stride);
  padded.set(base);
  const features = Array.from(base.keys());
  const columns = [...features.filter((j) => j % 2 === 0), ...features.filter((j) => j % 2 === 1)];
  const nDense = Math.max(4, 4 * Math.floor(base.length / 8));
  const mixed = columnsApart(
    runtime,
    set.matrix,
    data.nClasses,
    padded,
    { features: Uint32Array.from(columns), nDense },
    Number.POSITIVE_INFINITY,
  );
  if (mixed === null) throw new Error('no mixed rows');
  return { ...set, matrix: { ...set.matrix, mixed } };
}

/** The plain data as compressed rows and columns; zeros are left out. With `center` it stands for X − center. */
export function sparseTrainingSet(arena: Arena, data: PlainData, center?: readonly number[]): TrainingSet {
  const { X } = data;
  const nFeatures = X[0]?.length ?? 0;
  const rows = compress(arena, X);
  const columns = compress(
    arena,
    Array.from({ length: nFeatures }, (_, j) => X.map((row) => row[j])),
  );
  const centers = arena.allocateF64(center === undefined ? 0 : nFeatures);
  if (center !== undefined) centers.set(center);
  const matrix: SparseMatrix = {
    kind: 'sparse',
    nSamples: X.length,
    nFeatures,
    nonzeros: rows.nonzeros,
    rowStarts: rows.starts,
    rowIndices: rows.indices,
    rowValues: rows.values,
    columnStarts: columns.starts,
    columnIndices: columns.indices,
    columnValues: columns.values,
    center: center === undefined ? 0 : centers.byteOffset,
  };
  return trainingSet(arena, data, matrix);
}

function compress(arena: Arena, lines: readonly (readonly number[])[]) {
  const entries = lines.map((line) => [...line.entries()].filter(([, x]) => x !== 0));
  const nonzeros = entries.reduce((sum, line) => sum + line.length, 0);
  const starts = arena.allocateU32(lines.length + 1);
  const indices = arena.allocateU32(nonzeros);
  const values = arena.allocateF32(nonzeros);
  let at = 0;
  for (const [i, line] of entries.entries()) {
    for (const [j, x] of line) {
      indices[at] = j;
      values[at++] = x;
    }
    starts[i + 1] = at;
  }
  return { starts: starts.byteOffset, indices: indices.byteOffset, values: values.byteOffset, nonzeros };
}

function trainingSet(arena: Arena, data: PlainData, matrix: DenseMatrix | SparseMatrix): TrainingSet {
  const labels = arena.allocateU32(data.y.length);
  labels.set(data.y);
  const given = data.sampleWeights;
  const weights = arena.allocateF64(given?.length ?? 0);
  if (given !== undefined) {
    const mean = given.reduce((sum, v) => sum + v, 0) / given.length;
    weights.set(given.map((v) => v / mean));
  }
  return {
    matrix,
    nClasses: data.nClasses,
    labels: labels.byteOffset,
    sampleWeights: given === undefined ? 0 : weights.byteOffset,
  };
}
