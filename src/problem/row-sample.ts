import type { DenseMatrix, DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { RANDOM_STREAM, type RandomSequence, randomSequence } from '../data/random.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';

/**
 * `count` rows as a dense training set of their own, one drawn at random from each of `count` runs of neighbours,
 * with their weights at mean 1. Behind a row's features stands a 1, which passes do not see. Rows that are centred
 * implicitly are centred. null where the rows drawn weigh nothing.
 */
export function sampleRows(
  runtime: Runtime,
  trainingSet: TrainingSet,
  count: number,
  seed: number,
): TrainingSet | null {
  const { arena } = runtime;
  const { matrix, sampleWeights } = trainingSet;
  const { nSamples } = matrix;
  const drawn = drawNeighbours(runtime, nSamples, count, seed);
  const drawnWeights = arena.allocateF64(sampleWeights === 0 ? 0 : count);
  const allWeights = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  if (allWeights !== null) {
    let total = 0;
    for (let i = 0; i < count; i++) {
      drawnWeights[i] = allWeights[drawn[i]];
      total += drawnWeights[i];
    }
    if (!(total > 0)) return null;
    for (let i = 0; i < count; i++) drawnWeights[i] *= count / total;
  }
  const rows = copiedRows(runtime, trainingSet, drawn);
  return { ...rows, sampleWeights: allWeights === null ? 0 : drawnWeights.byteOffset };
}

/** As in kernels/draw-neighbours.ts. */
const DRAW_SHARD_ROWS = 4096;

/** A row of each of `count` runs of neighbours. 194 000 of 1 000 000 took 6.5 ms of one thread without the kernel. */
export function drawNeighbours(
  { arena, run }: Runtime,
  nSamples: number,
  count: number,
  seed: number,
): Uint32Array {
  const drawn = arena.allocateU32(count);
  const mark = arena.mark();
  const task = arena.allocateU32(6);
  task.set([count, nSamples, seed, RANDOM_STREAM.sample, drawn.byteOffset, 0]);
  run('drawNeighbours', task.byteOffset, Math.ceil(count / DRAW_SHARD_ROWS));
  const redrawn = task[5] !== 0;
  arena.release(mark);
  if (!redrawn) return drawn;
  // A word that is drawn again moves all that come after it: once in some ten thousand samples.
  const random = randomSequence(seed, RANDOM_STREAM.sample);
  for (let i = 0; i < count; i++) {
    const first = Math.floor((i * nSamples) / count);
    drawn[i] = first + random.nextBelow(Math.floor(((i + 1) * nSamples) / count) - first);
  }
  return drawn;
}

function copiedRows(runtime: Runtime, trainingSet: TrainingSet, drawn: Uint32Array): TrainingSet {
  if (trainingSet.matrix.kind === 'dense')
    return copiedDenseRows(runtime, trainingSet, trainingSet.matrix, drawn);
  const { rows, put } = rowRoom(runtime.arena, trainingSet, drawn.length);
  for (let i = 0; i < drawn.length; i++) put(i, drawn[i]);
  return rows;
}

/** As in kernels/copy-rows.ts. */
const SHARD_ROWS = 1024;

function copiedDenseRows(
  { arena, run }: Runtime,
  { nClasses, labels }: TrainingSet,
  { nFeatures, stride: rowStride, values }: DenseMatrix,
  drawn: Uint32Array,
): TrainingSet {
  const nSamples = drawn.length;
  const stride = copyStride(nFeatures);
  const outValues = arena.allocateUnset(nSamples * stride * 4);
  const outLabels = arena.allocateUnset(nSamples * 4);
  const task = arena.allocateU32(9);
  task.set([nSamples, nFeatures, rowStride, stride, values, labels, drawn.byteOffset, outValues, outLabels]);
  run('copyRows', task.byteOffset, Math.ceil(nSamples / SHARD_ROWS));
  const matrix: DenseMatrix = { kind: 'dense', nSamples, nFeatures, stride, values: outValues };
  return { matrix, nClasses, labels: outLabels, sampleWeights: 0 };
}

/** Floats of a copied row with the 1 behind it. */
function copyStride(nFeatures: number): number {
  return Math.ceil((nFeatures + 1) / 4) * 4;
}

/**
 * Takes some `count` of the rows, at most as many, in their order: row i with a chance proportional to importance[i] ≥ 0,
 * at most 1: all of them where so few matter. Sums over those taken, each over its chance, estimate sums over all without
 * bias, with the less variance the nearer the importance is to the size of a row's term. Source: Xu, Yang,
 * Roosta-Khorasani, Ré & Mahoney, NeurIPS 2016, for Hessians; systematic sampling keeps neighbours apart.
 */
export function drawRows(
  importance: Float32Array | Float64Array,
  count: number,
  random: RandomSequence,
  take: (row: number, chance: number) => void,
): void {
  const scale = chanceScale(importance, count);
  let next = random.nextUniform();
  let sum = 0;
  let taken = 0;
  for (let i = 0; i < importance.length && taken < count; i++) {
    const chance = Math.min(1, scale * importance[i]);
    sum += chance;
    if (sum <= next) continue;
    next++;
    taken++;
    take(i, chance);
  }
}

/** Room for `count` rows with their labels, without weights; `put` copies a row of the training set to a place there. */
export function rowRoom(
  arena: Arena,
  { matrix, nClasses, labels }: TrainingSet,
  count: number,
): { readonly rows: TrainingSet & { readonly matrix: DenseMatrix }; put(at: number, row: number): void } {
  const { nSamples, nFeatures } = matrix;
  const stride = copyStride(nFeatures);
  const values = arena.allocateF32(count * stride);
  const drawnLabels = arena.allocateU32(count);
  const allLabels = arena.u32(labels, nSamples);
  const copyRow = rowCopier(arena, matrix);
  const drawn: DenseMatrix = { kind: 'dense', nSamples: count, nFeatures, stride, values: values.byteOffset };
  return {
    rows: { matrix: drawn, nClasses, labels: drawnLabels.byteOffset, sampleWeights: 0 },
    put(at, row) {
      copyRow(row, values, at * stride);
      values[at * stride + nFeatures] = 1;
      drawnLabels[at] = allLabels[row];
    },
  };
}

/** c of chances min(1, c · importance) that add up to `count`, or with which all that matter are taken. */
function chanceScale(importance: Float32Array | Float64Array, count: number): number {
  let scale = 0;
  // Each round takes out for good what is certain to be taken; a few are enough.
  for (let round = 0; round < 30; round++) {
    let certain = 0;
    let uncertain = 0;
    for (const x of importance) {
      if (scale * x >= 1) certain++;
      else uncertain += x;
    }
    const next = uncertain > 0 ? (count - certain) / uncertain : scale;
    if (!(next > scale)) break;
    scale = next;
  }
  return scale;
}

/** Up to so many features a loop is faster than `set` on views: 16, 30 and 64 took 46, 93 and 334 ns a row, and 203, 138 and 211. */
const FEW_FEATURES = 32;

/** Copies a row's features to `out`, from `at` on. */
function rowCopier(arena: Arena, matrix: DesignMatrix): (row: number, out: Float32Array, at: number) => void {
  const { nSamples: n, nFeatures: d } = matrix;
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, n * matrix.stride);
    const { stride } = matrix;
    return (row, out, at) => {
      const from = row * stride;
      if (d > FEW_FEATURES) out.set(values.subarray(from, from + d), at);
      else for (let j = 0; j < d; j++) out[at + j] = values[from + j];
    };
  }
  const starts = arena.u32(matrix.rowStarts, n + 1);
  const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const values = arena.f32(matrix.rowValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, d);
  return (row, out, at) => {
    for (let j = 0; j < d; j++) out[at + j] = center === null ? 0 : -center[j];
    for (let entry = starts[row]; entry < starts[row + 1]; entry++) {
      const j = indices[entry];
      out[at + j] = values[entry] - (center === null ? 0 : center[j]);
    }
  };
}
