import type { DenseMatrix, MixedRows } from '../data/design-matrix.ts';
import { CapacityError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { frequentValues, LARGEST_DENSE, MOST_FEATURES, spreadRows } from './compact-rows.ts';
import { roundUp } from './pass-task.ts';
import type { Problem } from './problem.ts';

/** Rows that show how many of a column's values differ from its base. */
const SAMPLE = 256;
/**
 * What an entry costs, in values of a packed column and one class: a constant, and for each of the padded classes. One
 * pass over 2 000 × 64 and 6 000 × 32, a twentieth to 0.3 of half of the columns apart, gave 12 to 18 values for three
 * classes, 9.4 to 12 for 5, 6 to 7.8 for 10, 4.3 to 6.7 for 26, 3.5 to 5.8 for 100.
 */
const ENTRY = 24;
const ENTRY_CLASS = 3.5;
/** What must be left of a pass at most, and of the columns that are packed. */
const WORTHWHILE = 0.85;
/** Values of a shard of rows: fewer than of compact ones, since columns are picked out of their order, some 7 µs. */
const SHARD_VALUES = 1 << 14;
const TASK_WORDS = 13;
/** More than columns have numbers. */
const NUMBERS = MOST_FEATURES;

/** The features of the packed columns, nDense of them, a multiple of 4, then of the others. */
interface ColumnOrder {
  readonly features: Uint32Array;
  readonly nDense: number;
}

/**
 * The problem with columns of dense rows that hold one value nearly everywhere laid out apart, where passes of three
 * classes and more are the faster for it: borders of images, categories beside numbers.
 */
export function withMixedRows(runtime: Runtime, problem: Problem): Problem {
  const { trainingSet, loss, dropout } = problem;
  const { matrix, nClasses } = trainingSet;
  if (matrix.kind !== 'dense' || matrix.compact || matrix.nFeatures > matrix.nSamples) return problem;
  if (loss.kind !== 'softmax' || nClasses < 3 || dropout > 0) return problem;
  const mixed = mixedRows(runtime, matrix, nClasses);
  return mixed === null
    ? problem
    : { ...problem, trainingSet: { ...trainingSet, matrix: { ...matrix, mixed } } };
}

/**
 * Dense rows with their columns of mostly one value apart. Null where no columns are worth it, or without room. Lives in
 * the arena beside the dense rows, at most 0.85 of their room; null for very large ones as well.
 */
export function mixedRows(runtime: Runtime, matrix: DenseMatrix, nClasses: number): MixedRows | null {
  const { arena } = runtime;
  const { nFeatures, nSamples, stride } = matrix;
  if (nFeatures > MOST_FEATURES || nSamples * stride * 4 > LARGEST_DENSE) return null;
  const mark = arena.mark();
  try {
    const base = arena.allocateF32(stride);
    frequentValues(runtime, matrix, 1, base);
    const nSeen = Math.min(SAMPLE, nSamples);
    const byRarity = columnsByRarity(runtime, matrix, nSeen, base);
    const columns = packedColumns(byRarity, nSeen, stride, entryValues(nClasses));
    if (columns !== null) {
      const mixed = columnsApart(runtime, matrix, nClasses, base, columns, WORTHWHILE * stride * nSamples);
      if (mixed !== null) return mixed;
    }
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
  }
  arena.release(mark);
  return null;
}

/** What an entry costs a pass, in values of a packed column. */
function entryValues(nClasses: number): number {
  return (ENTRY + ENTRY_CLASS * roundUp(nClasses, 4)) / nClasses;
}

/**
 * The columns from the one that differs most from its base, as seen in some of the rows: of each (rows that do not
 * differ) · 2¹⁶ + its number.
 */
function columnsByRarity(
  { arena, kernels }: Runtime,
  { nSamples, nFeatures, stride, values }: DenseMatrix,
  nSeen: number,
  base: Float32Array,
): Uint32Array {
  const mark = arena.mark();
  const offsets = spreadRows(arena, nSamples, nSeen, stride);
  const counts = arena.allocateU32(stride);
  kernels.countDifferent(values, offsets.byteOffset, nSeen, stride, base.byteOffset, counts.byteOffset);
  const columns = new Uint32Array(nFeatures);
  for (let j = 0; j < nFeatures; j++) columns[j] = (nSeen - counts[j]) * NUMBERS + j;
  arena.release(mark);
  return columns.sort();
}

/** Which columns are packed so that a pass costs the least; null where it then costs more than WORTHWHILE. */
function packedColumns(
  byRarity: Uint32Array,
  nSeen: number,
  stride: number,
  entry: number,
): ColumnOrder | null {
  let nDense = 0;
  let least = WORTHWHILE * stride;
  let entries = 0;
  for (let packed = byRarity.length - 1; packed >= 4; packed--) {
    entries += (nSeen - Math.floor(byRarity[packed] / NUMBERS)) / nSeen;
    const cost = packed + entry * entries;
    if (packed % 4 === 0 && cost < least) {
      least = cost;
      nDense = packed;
    }
  }
  if (nDense === 0) return null;
  const features = byRarity.map((column) => column % NUMBERS);
  features.subarray(0, nDense).sort();
  features.subarray(nDense).sort();
  return { features, nDense };
}

/**
 * The rows with all columns that are not packed as entries that are not `base`, f32 × stride; null where a pass costs as
 * much as more than `most` values.
 */
export function columnsApart(
  { arena, run }: Runtime,
  matrix: DenseMatrix,
  nClasses: number,
  base: Float32Array,
  { features, nDense }: ColumnOrder,
  most: number,
): MixedRows | null {
  const { nSamples, nFeatures, stride, values } = matrix;
  const center = arena.allocateF64(nFeatures);
  for (const j of features.slice(nDense)) center[j] = -base[j];
  const order = arena.allocateU32(roundUp(nFeatures, 4)).fill(nFeatures);
  order.set(features);
  const starts = arena.allocateU32(nSamples + 1);
  // Kernels read a vector beyond the last row.
  const packed = arena.allocateUnset(nSamples * nDense * 4 + 64);
  const nShards = Math.max(1, Math.floor((nSamples * stride) / SHARD_VALUES));
  const rowShards = arena.allocateU32(nShards + 1);
  for (let s = 0; s <= nShards; s++) rowShards[s] = Math.floor((nSamples * s) / nShards);
  const task = arena.allocateU32(TASK_WORDS);
  task.set([nFeatures, nDense, order.byteOffset, packed, nDense, starts.byteOffset]);
  task.set([values, stride, base.byteOffset, rowShards.byteOffset], 8);
  run('mixedPack', task.byteOffset, nShards);
  for (let i = 0; i < nSamples; i++) starts[i + 1] += starts[i];
  const nStored = starts[nSamples];
  const valuesRead = nSamples * nDense + entryValues(nClasses) * nStored;
  if (valuesRead > most) return null;
  task.set([arena.allocateUnset(nStored * 2), arena.allocateUnset(nStored * 4)], 6);
  task[12] = arena.allocateUnset(nStored * 4);
  run('mixedFill', task.byteOffset, nShards);
  return { task: task.byteOffset, nDense, valuesRead, center: center.byteOffset };
}
