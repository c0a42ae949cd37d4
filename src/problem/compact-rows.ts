import type { CompactRows, DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import { CapacityError } from '../errors.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Problem } from './problem.ts';

/** With more of the values stored than this, dense rows are read as fast. */
const MOST_STORED = 0.4;
/** Rows that show which value is a column's most frequent one. */
const SAMPLE = 64;
/** Columns that are looked at first: wide data of another kind is not looked through (200 × 10 000: 57 ms of 110). */
const PROBED = 256;
/** Part of their values that may differ, and all columns' still be few enough. */
const PROBED_DIFFERENT = 0.6;
/** Beyond so many bytes of dense rows the entries may take the room that the solver needs. */
export const LARGEST_DENSE = 2 ** 30;
/** Indices are u16. */
export const MOST_FEATURES = 1 << 16;
/** Values of a shard of rows, some 30 µs. */
export const SHARD_VALUES = 1 << 18;
const TASK_WORDS = 7;

/** The problem with its dense rows laid out compactly as well, where passes are the faster for it. */
export function withCompactRows(runtime: Runtime, problem: Problem): Problem {
  // Dropout's passes draw from the dense ones.
  if (problem.dropout > 0) return problem;
  return { ...problem, trainingSet: withCompactMatrix(runtime, problem.trainingSet) };
}

/** The same of a training set. */
export function withCompactMatrix(runtime: Runtime, trainingSet: TrainingSet): TrainingSet {
  const { matrix } = trainingSet;
  if (matrix.kind !== 'dense' || matrix.compact || matrix.mixed) return trainingSet;
  const compact = compactRows(runtime, matrix);
  return compact === null ? trainingSet : { ...trainingSet, matrix: { ...matrix, compact } };
}

/**
 * What of dense rows is not their column's most frequent value: of images most pixels are background, also once they
 * have been centred, and of a category's columns all but one. Null where that leaves too much. Lives in the arena
 * beside the dense rows, at most 0.6 of their room; null for very large ones as well.
 */
export function compactRows(runtime: Runtime, matrix: DenseMatrix): CompactRows | null {
  const { arena } = runtime;
  const { nFeatures, nSamples, stride } = matrix;
  if (nFeatures > MOST_FEATURES || nSamples === 0 || nSamples * stride * 4 > LARGEST_DENSE) return null;
  const mark = arena.mark();
  const compact = fewEntries(runtime, matrix);
  if (compact === null) arena.release(mark);
  return compact;
}

function fewEntries(runtime: Runtime, matrix: DenseMatrix): CompactRows | null {
  const { nFeatures, nSamples, stride } = matrix;
  try {
    const base = runtime.arena.allocateF32(stride);
    const step = Math.ceil(nFeatures / PROBED);
    const probed = frequentValues(runtime, matrix, step, base);
    if (probed > PROBED_DIFFERENT) return null;
    if ((step === 1 ? probed : frequentValues(runtime, matrix, 1, base)) > MOST_STORED) return null;
    return entriesBeside(runtime, matrix, base, MOST_STORED * nSamples * nFeatures);
  } catch (error) {
    // Without room for them dense rows do.
    if (!(error instanceof CapacityError)) throw error;
    return null;
  }
}

/** The entries that are not `base`, f32 × stride; null where they are more than `most`. */
export function entriesBeside(
  { arena, run }: Runtime,
  matrix: DenseMatrix,
  base: Float32Array,
  most: number,
): CompactRows | null {
  const { nSamples, nFeatures, stride } = matrix;
  const mark = arena.mark();
  const center = arena.allocateF64(nFeatures);
  for (let j = 0; j < nFeatures; j++) center[j] = -base[j];
  const placedBase = arena.allocateF32(stride);
  placedBase.set(base);
  // Behind the features every row has the same: 0, or a sample's 1. That is no entry.
  placedBase.set(arena.f32(matrix.values, stride).subarray(nFeatures), nFeatures);
  const starts = arena.allocateU32(nSamples + 1);
  const nShards = Math.max(1, Math.floor((nSamples * stride) / SHARD_VALUES));
  const rowShards = arena.allocateU32(nShards + 1);
  for (let s = 0; s <= nShards; s++) rowShards[s] = Math.floor((nSamples * s) / nShards);
  const task = arena.allocateU32(TASK_WORDS);
  task.set([rowShards.byteOffset, matrix.values, stride, placedBase.byteOffset, starts.byteOffset]);
  run('compactCount', task.byteOffset, nShards);
  for (let i = 0; i < nSamples; i++) starts[i + 1] += starts[i];
  const nStored = starts[nSamples];
  if (nStored > most) {
    arena.release(mark);
    return null;
  }
  const indices = arena.allocateUnset(nStored * 2);
  const values = arena.allocateUnset(nStored * 4);
  task.set([indices, values], 5);
  run('compactFill', task.byteOffset, nShards);
  return { nStored, starts: starts.byteOffset, indices, values, center: center.byteOffset };
}

/**
 * Writes the value that most of some rows hold in a column, or 0, for four columns of every `step` times four; returns
 * the part of those rows' values that differs.
 */
export function frequentValues(
  { arena, kernels }: Runtime,
  { nSamples, nFeatures, stride, values }: DenseMatrix,
  step: number,
  base: Float32Array,
): number {
  const mark = arena.mark();
  const nSeen = Math.min(SAMPLE, nSamples);
  const offsets = spreadRows(arena, nSamples, nSeen, stride);
  const { byteOffset } = offsets;
  const differing = kernels.mostFrequent(values, byteOffset, nSeen, nFeatures, step, base.byteOffset);
  arena.release(mark);
  const nGroups = Math.ceil(nFeatures / (4 * step));
  return differing / (nSeen * Math.min(4 * nGroups, nFeatures));
}

/** Bytes from the first of `nSamples` rows to `count` of them, evenly spread. */
export function spreadRows(arena: Arena, nSamples: number, count: number, stride: number): Uint32Array {
  const offsets = arena.allocateU32(count);
  for (let s = 0; s < count; s++) offsets[s] = Math.floor((s * nSamples) / count) * stride * 4;
  return offsets;
}
