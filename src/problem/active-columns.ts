import type { TrainingSet } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence } from '../data/random.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ParameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';
import { drawRows } from './row-sample.ts';

/** What an active Hessian is a product of: the rows that have curvature at some θ, and copies of their columns. */
export interface ActiveColumns {
  /** Rows taken last; before the first time all of them. */
  readonly nRows: number;
  /** u32, nRows: which of X's rows they are */
  readonly rows: Pointer;
  /** Floats from one column to the next, of `values` and of `probabilities`. */
  readonly stride: number;
  /** f32: the columns, one after another; moves as they become more. */
  readonly values: Pointer;
  /** f32, nClasses columns */
  readonly probabilities: Pointer;
  /** f32, nRows: vᵢ / n */
  readonly rowWeights: Pointer;
  /** Of rows whose vᵢ pₖ pₗ / n is at most this the Hessian may leave out the classes' pair. */
  readonly leastWeight: number;
  /**
   * Takes the rows at θ, half a pass, and forgets the columns. Of many dense rows a sample, of `count`, by their
   * curvature; their weights then make sums over them estimates of sums over all.
   */
  takeRows(theta: Float64Array, count: number): void;
  /** Copies the columns of these coordinates of θ that are not there yet; feature d is the intercepts' 1. */
  takeColumns(coordinates: Int32Array): void;
  /** Which of the columns is a feature's. */
  columnOf(feature: number): number;
}

/**
 * The rows of least curvature, which together have this part of it, are left out of the Hessian. With 5e-3 letters at
 * a fifth of the largest λ took 40 steps instead of 6: along some direction half of the curvature was among them.
 */
const NEGLIGIBLE = 1e-3;
/**
 * The same for pairs of classes: where λ is small most rows are undecided between two or three. With 1e-3 the model of
 * 3 000 × 784 images with 10 classes was too far off at small λ: a path at tolerance 1e-2 built 34 Hessians instead of 9.
 */
const NEGLIGIBLE_PAIRS = 1e-5;
/** Pairs that are looked at to find out how much weight they have: some 0.3 ms. */
const MOST_SEEN = 1e5;
/** of positive f32 */
const N_EXPONENTS = 255;
/** As in kernels/copy-columns.ts. */
const SHARD_ROWS = 512;
/** Probabilities below are taken for 0: their products would be subnormal, which costs a hundredfold. */
const TINY = 1e-7;

/** `probabilities` as in DataPasses. What is allocated lives until the caller releases the arena. */
export function activeColumns(
  { arena, run }: Runtime,
  { matrix, sampleWeights }: TrainingSet,
  layout: ParameterLayout,
  probabilities: (theta: Float64Array) => Float32Array,
): ActiveColumns {
  const { nSamples: n, nFeatures: d } = matrix;
  const { nClasses, stride: thetaStride } = layout;
  const most = roundUp(n, 4) + 16;
  const rowWeights = arena.allocateF32(most);
  const p = arena.allocateF32(most * nClasses);
  const columnOf = new Int32Array(d + 1).fill(-1);
  const rows = arena.allocateU32(n);
  const chances = new Float64Array(n);
  const copyTask = arena.allocateU32(8);
  const copied = arena.allocateU32(matrix.kind === 'dense' ? d : 0);
  const random = randomSequence(0, RANDOM_STREAM.sample);
  let nRows = n;
  let stride = most;
  let leastWeight = 0;
  let nColumns = 0;
  let columns = arena.allocateF32(0);

  /** The features' columns lie one after another. */
  function copyColumns(features: readonly number[]): void {
    if (features.length === 0) return;
    if (matrix.kind === 'dense') {
      copied.set(features);
      const out = columns.byteOffset + 4 * columnOf[features[0]] * stride;
      copyTask.set([
        nRows,
        features.length,
        4 * matrix.stride,
        4 * stride,
        matrix.values,
        rows.byteOffset,
        copied.byteOffset,
        out,
      ]);
      run('copyColumns', copyTask.byteOffset, Math.ceil(nRows / SHARD_ROWS));
      return;
    }
    const kept = new Int32Array(n).fill(-1);
    for (let r = 0; r < nRows; r++) kept[rows[r]] = r;
    const starts = arena.u32(matrix.columnStarts, d + 1);
    const indices = arena.u32(matrix.columnIndices, matrix.nonzeros);
    const values = arena.f32(matrix.columnValues, matrix.nonzeros);
    const center = matrix.center === 0 ? null : arena.f64(matrix.center, d);
    for (const j of features) {
      const start = columnOf[j] * stride;
      const shift = center === null ? 0 : center[j];
      columns.fill(-shift, start, start + nRows);
      for (let e = starts[j]; e < starts[j + 1]; e++) {
        const r = kept[indices[e]];
        if (r >= 0) columns[start + r] = values[e] - shift;
      }
    }
  }

  /** Of each row vᵢ (1 − Σ pₖ²), of one score 2 vᵢ p (1 − p), and their sum. */
  function curvatures(P: Float32Array, v: Float64Array | null) {
    const curvature = new Float32Array(n);
    let total = 0;
    for (let i = 0; i < n; i++) {
      let squares = nClasses === 1 ? (1 - P[i]) * (1 - P[i]) : 0;
      for (let k = i * thetaStride; k < i * thetaStride + nClasses; k++) squares += P[k] * P[k];
      curvature[i] = Math.max(0, 1 - squares) * (v === null ? 1 : v[i]);
      total += curvature[i];
    }
    return { curvature, total };
  }

  /** The power of two below which pairs of classes have NEGLIGIBLE_PAIRS of the weight of all, at most. */
  function leastPairWeight(): number {
    const sums = new Float64Array(N_EXPONENTS);
    const weight = new Float32Array(1);
    const bits = new Uint32Array(weight.buffer);
    const step = Math.ceil((nRows * nClasses * nClasses) / 2 / MOST_SEEN);
    let total = 0;
    for (let r = 0; r < nRows; r += step) {
      for (let k = 1; k < nClasses; k++) {
        const vp = rowWeights[r] * p[k * stride + r];
        if (vp === 0) continue;
        for (let l = 0; l < k; l++) {
          weight[0] = vp * p[l * stride + r];
          sums[bits[0] >>> 23] += weight[0];
          total += weight[0];
        }
      }
    }
    let below = 0;
    let exponent = 0;
    while (exponent < N_EXPONENTS && below + sums[exponent] <= NEGLIGIBLE_PAIRS * total) {
      below += sums[exponent++];
    }
    bits[0] = exponent << 23;
    return total > 0 ? weight[0] : 0;
  }

  return {
    get stride() {
      return stride;
    },
    rows: rows.byteOffset,
    probabilities: p.byteOffset,
    rowWeights: rowWeights.byteOffset,
    get nRows() {
      return nRows;
    },
    get values() {
      return columns.byteOffset;
    },
    get leastWeight() {
      return leastWeight;
    },
    columnOf: (feature) => columnOf[feature],
    takeRows(theta, count) {
      columnOf.fill(-1);
      nColumns = 0;
      const P = probabilities(theta);
      const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, n);
      const { curvature, total } = curvatures(P, v);
      nRows = 0;
      if (matrix.kind === 'dense' && count < n) {
        drawRows(curvature, count, random, (i, chance) => {
          chances[nRows] = chance;
          rows[nRows++] = i;
        });
      } else {
        nRows = rowsAbove(curvature, thresholdOf(curvature, NEGLIGIBLE * total), rows);
        chances.fill(1, 0, nRows);
      }
      const taken = nRows;
      stride = roundUp(taken, 4) + 16;
      for (let r = 0; r < taken; r++) rowWeights[r] = (v === null ? 1 : v[rows[r]]) / (n * chances[r]);
      for (let k = 0; k < nClasses; k++) {
        for (let r = 0, at = k * stride; r < taken; r++, at++) {
          const probability = P[rows[r] * thetaStride + k];
          p[at] = probability < TINY ? 0 : probability;
        }
      }
      rowWeights.fill(0, taken, roundUp(taken, 4));
      leastWeight = nClasses === 1 ? 0 : leastPairWeight();
    },
    takeColumns(coordinates) {
      const first = nColumns;
      const features: number[] = [];
      let hasOnes = false;
      for (const i of coordinates) {
        const j = Math.floor(i / thetaStride);
        if (columnOf[j] >= 0) continue;
        if (j === d) hasOnes = true;
        else {
          columnOf[j] = nColumns++;
          features.push(j);
        }
      }
      if (hasOnes) columnOf[d] = nColumns++;
      if (columns.length < nColumns * stride) {
        const larger = arena.allocateF32(Math.min(d + 1, Math.ceil(1.5 * nColumns)) * stride);
        larger.set(columns.subarray(0, first * stride));
        columns = larger;
      }
      copyColumns(features);
      if (columnOf[d] >= first) columns.fill(1, columnOf[d] * stride, columnOf[d] * stride + nRows);
      for (let c = first; c < nColumns; c++) {
        const end = c * stride + nRows;
        columns.fill(0, end, end + 4);
      }
    },
  };
}

/** Writes the rows of no less than `least`, ascending, and returns how many they are. */
function rowsAbove(curvature: Float32Array, least: number, rows: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < curvature.length; i++) if (curvature[i] >= least) rows[count++] = i;
  return count;
}

/**
 * A number such that the values below it sum to no more than `part`: the largest such one of the form 2ᵏ (1 + i / 16).
 * Sums of runs between such numbers tell it; to sort 50 000 values took 6 ms.
 */
function thresholdOf(values: Float32Array, part: number): number {
  const bits = new Uint32Array(values.buffer);
  const sums = new Float64Array(2 ** (32 - RUN_BITS));
  for (let i = 0; i < values.length; i++) sums[bits[i] >>> RUN_BITS] += values[i];
  let sum = 0;
  let run = 0;
  while (run < sums.length && sum + sums[run] <= part) sum += sums[run++];
  return run === sums.length ? 0 : new Float32Array(Uint32Array.of(run << RUN_BITS).buffer)[0];
}

/** Of an f32 that is not negative, without which its bits tell the power of two and the sixteenth of it. */
const RUN_BITS = 19;
