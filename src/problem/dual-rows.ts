import type { DesignMatrix } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence, shuffle } from '../data/random.ts';
import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { featurePlaces } from './feature-places.ts';
import { someRows } from './some-rows.ts';
import { sparseSquares } from './sparse-squares.ts';

/** The dual of softmax or logistic loss with an L2 penalty, and the W and b that belong to its variables. */
export interface DualAscent {
  /**
   * Visits every row once, in a new random order; with an intercept, moves b towards Σ vᵢ uᵢ = 0. `keep`: W and b from
   * before may be kept, for `swing` and for writeTheta.
   */
  epoch(keep: boolean): DualEpoch;
  /** Writes W and b in double precision, or where those from before the last epoch are kept a mean with them. */
  writeTheta(theta: Float64Array): void;
}

/** What an epoch found on its way, while W changed under it. */
export interface DualEpoch {
  /** By how much the dual value (a mean over the rows) rose, to second order. */
  readonly gain: number;
  /** The mean loss of the rows as they were found. */
  readonly loss: number;
  /** cos² of the angle between W's change and that of the epoch before where they are opposed; 0 where it is not known. */
  readonly swing: number;
  /** Whether its steps were over-relaxed; W swings then of itself. */
  readonly relaxed: boolean;
}

/**
 * κρ, how far a row's step moves b. Text (q = κ ‖x‖²), epochs to a gap of 5e-7 with 0.1, 0.25 and 0.5: q = 0.1 7, 6, 6;
 * q = 1 8, 7, 7; at q = 10 the gap after eight was 3.9e-3, 4.0e-3, 4.5e-3. With 0.01 it was 7 at q = 0.1 and 8 at
 * q = 1, with 5 at q = 10 1.6e-2.
 */
export const INTERCEPT_STEP = 0.25;
/** Rows that stay together when the order is drawn, since they lie together in memory. */
export const BLOCK = 8;
/**
 * Rows of a batch; threads wait for each other's steps once in each. Batches of 1, 16, 32 and 64 took text as many epochs. Fewer where rows
 * share their features: see `batchRows`.
 */
const MOST_BATCH_ROWS = 32;

/** The rows in an order that is drawn anew for each epoch, from the seed. */
export function rowOrder(arena: Arena, n: number, seed: number) {
  const rows = arena.allocateU32(n);
  const random = randomSequence(seed, RANDOM_STREAM.shuffle);
  const blocks = Uint32Array.from({ length: Math.ceil(n / BLOCK) }, (_, k) => k * BLOCK);
  return {
    rows,
    draw() {
      shuffle(blocks, random);
      let at = 0;
      for (const first of blocks) {
        const end = Math.min(n, first + BLOCK);
        for (let i = first; i < end; i++) rows[at++] = i;
      }
    },
  };
}

/** X's rows as the kernels of a dual read them. */
export interface RowPointers {
  /** floats between dense rows, or 0 */
  readonly rowStride: number;
  readonly values: Pointer;
  /** 0 for dense rows */
  readonly rowStarts: Pointer;
  readonly rowIndices: Pointer;
}

export function rowPointers(arena: Arena, matrix: DesignMatrix): RowPointers {
  if (matrix.kind === 'sparse')
    return {
      rowStride: 0,
      values: matrix.rowValues,
      rowStarts: matrix.rowStarts,
      rowIndices: matrix.rowIndices,
    };
  const rowIndices = arena.allocateU32(matrix.nFeatures);
  for (let j = 0; j < matrix.nFeatures; j++) rowIndices[j] = j;
  return { rowStride: matrix.stride, values: matrix.values, rowStarts: 0, rowIndices: rowIndices.byteOffset };
}

/** The same where W's rows lie in places of their own, and these; null: in the features' order, as of dense rows. */
export interface PlacedRows extends RowPointers {
  readonly places: Uint32Array | null;
}

export function placedRows(runtime: Runtime, matrix: DesignMatrix): PlacedRows {
  const rows = rowPointers(runtime.arena, matrix);
  if (matrix.kind === 'dense') return { ...rows, places: null };
  const { places, indices } = featurePlaces(runtime, matrix);
  return { ...rows, rowIndices: indices, places };
}

/**
 * Rows of a batch. Steps that are taken at once, each as if it were alone, are safe while they are no more than 1 / ω + 1, where ω is the
 * part of a row's ‖x‖² on a column times the part of rows that have the column, summed (Richtárik & Takáč, Math.
 * Programming 156, 2016; a step of half the length would be safe for twice as many). Text: ω = 0.029.
 */
export function batchRows(runtime: Runtime, matrix: DesignMatrix): number {
  if (matrix.kind === 'dense') return 1;
  const { total, shared } = sparseSquares(runtime, matrix);
  if (total === 0) return MOST_BATCH_ROWS;
  return Math.max(1, Math.min(MOST_BATCH_ROWS, Math.floor(total / shared)));
}

/** ‖xᵢ‖² of the rows as they are stored. */
export function squaredNorms(arena: Arena, matrix: DesignMatrix): Float32Array {
  const { nSamples: n } = matrix;
  const norms = arena.allocateF32(n);
  const values =
    matrix.kind === 'sparse'
      ? arena.f32(matrix.rowValues, matrix.nonzeros)
      : arena.f32(matrix.values, n * matrix.stride);
  const starts = matrix.kind === 'sparse' ? arena.u32(matrix.rowStarts, n + 1) : null;
  for (let i = 0; i < n; i++) {
    const from = starts === null ? i * (values.length / n) : starts[i];
    const to = starts === null ? (i + 1) * (values.length / n) : starts[i + 1];
    let sum = 0;
    for (let at = from; at < to; at++) sum += values[at] * values[at];
    norms[i] = sum;
  }
  return norms;
}

/** Dense rows that the mean of ‖x‖² is taken of: all of digits' 1797 took 3 % of a fit at λ = 1e-2. */
const MEASURED_ROWS = 256;

/** (1/n) Σ ‖xᵢ‖² of the rows as they are stored; of many dense ones, of some that lie evenly apart. */
export function meanSquaredNorm(arena: Arena, matrix: DesignMatrix): number {
  const { nSamples: n } = matrix;
  if (matrix.kind === 'sparse') return sumOfSquares(arena.f32(matrix.rowValues, matrix.nonzeros)) / n;
  const rows = someRows(arena, matrix, MEASURED_ROWS);
  return rows.reduce((sum, row) => sum + sumOfSquares(row), 0) / rows.length;
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}
