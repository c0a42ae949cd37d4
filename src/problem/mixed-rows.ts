import type { DenseMatrix, MixedRows } from '../data/design-matrix.ts';
import { CapacityError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { frequentValues, LARGEST_DENSE, MOST_FEATURES, SHARD_VALUES, spreadRows } from './compact-rows.ts';
import type { Problem } from './problem.ts';

/** Rows that show how many of a column's values differ from its base. */
const SAMPLE = 256;
/** What an entry costs, in values of a packed column. */
const ENTRY = 3;
/** What must be left of a pass at most, and of the columns that are packed. */
const WORTHWHILE = 0.85;
const TASK_WORDS = 13;

/**
 * The problem with columns of dense rows that hold one value nearly everywhere laid out apart, where passes of three
 * classes and more are the faster for it: borders of images, categories beside numbers.
 */
export function withMixedRows(runtime: Runtime, problem: Problem): Problem {
  const { trainingSet, loss, dropout } = problem;
  const { matrix, nClasses } = trainingSet;
  if (matrix.kind !== 'dense' || matrix.compact || matrix.nFeatures > matrix.nSamples) return problem;
  if (loss.kind !== 'softmax' || nClasses < 3 || dropout > 0) return problem;
  const mixed = mixedRows(runtime, matrix);
  return mixed === null
    ? problem
    : { ...problem, trainingSet: { ...trainingSet, matrix: { ...matrix, mixed } } };
}

/**
 * Dense rows with their columns of mostly one value apart. Null where no columns are worth it, or without room. Lives in
 * the arena beside the dense rows, at most 0.85 of their room; null for very large ones as well.
 */
export function mixedRows(runtime: Runtime, matrix: DenseMatrix): MixedRows | null {
  const { arena } = runtime;
  const { nFeatures, nSamples, stride } = matrix;
  if (nFeatures > MOST_FEATURES || nSamples * stride * 4 > LARGEST_DENSE) return null;
  const mark = arena.mark();
  try {
    const base = arena.allocateF32(stride);
    frequentValues(runtime, matrix, 1, base);
    const { order, nDense } = columnOrder(differingParts(runtime, matrix, base), stride);
    if (nDense !== null) {
      const most = ((WORTHWHILE * stride - nDense) / ENTRY) * nSamples;
      const mixed = columnsApart(runtime, matrix, base, order, nDense, most);
      if (mixed !== null) return mixed;
    }
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
  }
  arena.release(mark);
  return null;
}

/** What part of each column's values differs from its base, in some of the rows. */
function differingParts(
  { arena, kernels }: Runtime,
  { nSamples, nFeatures, stride, values }: DenseMatrix,
  base: Float32Array,
): number[] {
  const mark = arena.mark();
  const nSeen = Math.min(SAMPLE, nSamples);
  const offsets = spreadRows(arena, nSamples, nSeen, stride);
  const counts = arena.allocateU32(stride);
  kernels.countDifferent(values, offsets.byteOffset, nSeen, stride, base.byteOffset, counts.byteOffset);
  const parts = Array.from(counts.subarray(0, nFeatures), (count) => count / nSeen);
  arena.release(mark);
  return parts;
}

/** The features, those to be packed first, and how many these are: what costs a pass the least; null for all. */
function columnOrder(parts: number[], stride: number): { order: number[]; nDense: number | null } {
  const order = parts.map((_, j) => j).sort((i, j) => parts[j] - parts[i] || i - j);
  let nDense: number | null = null;
  let least = WORTHWHILE * stride;
  let entries = 0;
  for (let packed = order.length - 1; packed >= 4; packed--) {
    entries += parts[order[packed]];
    const cost = packed + ENTRY * entries;
    if (packed % 4 === 0 && cost < least) {
      least = cost;
      nDense = packed;
    }
  }
  if (nDense !== null) {
    const ascending = (i: number, j: number) => i - j;
    order.splice(
      0,
      order.length,
      ...order.slice(0, nDense).sort(ascending),
      ...order.slice(nDense).sort(ascending),
    );
  }
  return { order, nDense };
}

/**
 * The rows with all columns but the first `nDense`, a multiple of 4, of the order as entries that are not `base`, f32 ×
 * stride; null where these are more than `most`.
 */
export function columnsApart(
  { arena, run }: Runtime,
  matrix: DenseMatrix,
  base: Float32Array,
  order: readonly number[],
  nDense: number,
  most: number,
): MixedRows | null {
  const { nSamples, nFeatures, stride, values } = matrix;
  const center = arena.allocateF64(nFeatures);
  for (const j of order.slice(nDense)) center[j] = -base[j];
  const features = arena.allocateU32(nFeatures);
  features.set(order);
  const starts = arena.allocateU32(nSamples + 1);
  // Kernels read a vector beyond the last row.
  const packed = arena.allocateUnset(nSamples * nDense * 4 + 64);
  const nShards = Math.max(1, Math.floor((nSamples * stride) / SHARD_VALUES));
  const rowShards = arena.allocateU32(nShards + 1);
  for (let s = 0; s <= nShards; s++) rowShards[s] = Math.floor((nSamples * s) / nShards);
  const task = arena.allocateU32(TASK_WORDS);
  task.set([nFeatures, nDense, features.byteOffset, packed, nDense, starts.byteOffset]);
  task.set([values, stride, base.byteOffset, rowShards.byteOffset], 8);
  run('mixedPack', task.byteOffset, nShards);
  for (let i = 0; i < nSamples; i++) starts[i + 1] += starts[i];
  const nStored = starts[nSamples];
  if (nStored > most) return null;
  task.set([arena.allocateUnset(nStored * 2), arena.allocateUnset(nStored * 4)], 6);
  task[12] = arena.allocateUnset(nStored * 4);
  run('mixedFill', task.byteOffset, nShards);
  return { task: task.byteOffset, nDense, nStored, center: center.byteOffset };
}
