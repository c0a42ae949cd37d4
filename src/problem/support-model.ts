import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LassoModel } from './active-models.ts';
import type { ParameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';
import type { DenseTrainingSet } from './softmax-residuals.ts';

/** The quadratic model of the softmax loss at some θ, of few rows and with a ridge, without a Hessian that is made. */
export interface SupportModel {
  /** Takes the rows' weights at θ: half a pass, or none with its `residuals`, as of DataPasses. */
  stand(theta: Float64Array, residuals?: Float64Array | null): void;
  /**
   * Minimizes the model around `theta` over these coordinates of θ (ascending, intercepts included) and writes the way
   * there into `direction`, else 0. `from`: where to begin. Returns the number of products with the Hessian, or null
   * where they would be more than `most`.
   */
  minimize(
    model: LassoModel,
    coordinates: readonly number[],
    from: Float64Array,
    most: number,
    direction: Float64Array,
  ): number | null;
}

/** As in kernels/support-model.ts. */
const VECTORS = 9;
const TASK_BYTES = 80;
/** As in kernels/copy-columns.ts. */
const SHARD_ROWS = 512;
/** Probabilities below are taken for 0: their products would be subnormal, which costs a hundredfold. */
const TINY = 1e-7;

/** `probabilities` as in DataPasses. What is allocated lives until the caller releases the arena. */
export function supportModel(
  { arena, kernels, run }: Runtime,
  { matrix, labels: trainingLabels, sampleWeights }: DenseTrainingSet,
  { nFeatures: d, nClasses, stride }: ParameterLayout,
  probabilities: (theta: Float64Array) => Float32Array,
): SupportModel {
  const n = matrix.nSamples;
  const nRows = roundUp(n, 4);
  const P = arena.allocateF32(nClasses * nRows);
  const rowWeights = arena.allocateF32(nRows);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, n);
  for (let i = 0; i < n; i++) rowWeights[i] = (v === null ? 1 : v[i]) / n;
  const columns = columnsOneByOne({ arena, run }, matrix, nRows);
  const labels = arena.u32(trainingLabels, n);
  const rows = arena.allocateUnset(2 * nClasses * nRows * 4);
  const task = arena.allocate(TASK_BYTES);
  const numbers = arena.f64(task, 3);
  const words = arena.u32(task, TASK_BYTES / 4);
  let room = 0;
  let own: ReturnType<typeof allocate> | null = null;

  function allocate() {
    const vectors = arena.allocateF64(VECTORS * room);
    const vector = (nth: number) => vectors.subarray(nth * room, (nth + 1) * room);
    return {
      vectors,
      weights: vector(0),
      start: vector(1),
      gradient: vector(2),
      columns: arena.allocateU32(room),
      classes: arena.allocateU32(room),
    };
  }

  return {
    stand(theta, residuals = null) {
      const p = residuals ?? probabilities(theta);
      for (let i = 0; i < n; i++) {
        const inverse = v === null || residuals === null ? 1 : 1 / v[i];
        // A row of no weight, or next to none, has no say.
        const scale = inverse === Number.POSITIVE_INFINITY ? 1 : inverse;
        for (let k = 0; k < nClasses; k++) {
          const own = residuals !== null && labels[i] === k ? 1 : 0;
          const probability = own + scale * p[i * stride + k];
          P[k * nRows + i] = probability < TINY ? 0 : probability;
        }
      }
    },
    minimize({ theta, gradient, penalty, tolerance }, coordinates, from, most, direction) {
      const size = coordinates.length;
      if (own === null || size > room) {
        room = roundUp(Math.ceil(1.5 * size), 4);
        own = allocate();
      }
      columns.take(coordinates.map((i) => Math.floor(i / stride)));
      let nWeights = 0;
      for (let a = 0; a < size; a++) {
        const i = coordinates[a];
        own.weights[a] = from[i];
        own.start[a] = theta[i];
        own.gradient[a] = gradient[i];
        own.columns[a] = columns.of(Math.floor(i / stride));
        own.classes[a] = i % stride;
        if (i < d * stride) nWeights++;
      }
      numbers.set([tolerance, penalty.lasso, 2 * penalty.ridge]);
      words.set([nRows, nClasses, size, nWeights, most, columns.pointer], 6);
      words.set([P.byteOffset, rowWeights.byteOffset, own.columns.byteOffset, own.classes.byteOffset], 12);
      words.set([own.vectors.byteOffset, room, rows], 16);
      const products = kernels.supportModel(task);
      direction.fill(0);
      for (let a = 0; a < size; a++) direction[coordinates[a]] = own.weights[a] - own.start[a];
      return products < most ? products : null;
    },
  };
}

/** Copies of columns one after another, taken as they are needed; feature d is the intercepts' 1. */
function columnsOneByOne({ arena, run }: Pick<Runtime, 'arena' | 'run'>, matrix: DenseMatrix, nRows: number) {
  const { nSamples, nFeatures: d } = matrix;
  const place = new Int32Array(d + 1).fill(-1);
  const rows = arena.allocateU32(nSamples);
  for (let i = 0; i < nSamples; i++) rows[i] = i;
  const task = arena.allocateU32(8);
  const copied = arena.allocateU32(d);
  let values = arena.allocateF32(0);
  let count = 0;
  return {
    get pointer() {
      return values.byteOffset;
    },
    of: (feature: number) => place[feature],
    take(features: readonly number[]): void {
      const first = count;
      const added: number[] = [];
      let hasOnes = false;
      for (const j of features) {
        if (place[j] >= 0) continue;
        if (j === d) hasOnes = true;
        else added.push(j);
        place[j] = count++;
      }
      if (count === first) return;
      if (values.length < count * nRows) {
        const larger = arena.allocateF32(Math.min(d + 1, Math.ceil(1.5 * count)) * nRows);
        larger.set(values.subarray(0, first * nRows));
        values = larger;
      }
      copied.set(added);
      const out = values.byteOffset + 4 * first * nRows;
      task.set([
        nSamples,
        added.length,
        4 * matrix.stride,
        4 * nRows,
        matrix.values,
        rows.byteOffset,
        copied.byteOffset,
        out,
      ]);
      run('copyColumns', task.byteOffset, Math.ceil(nSamples / SHARD_ROWS));
      if (hasOnes) values.fill(1, place[d] * nRows, place[d] * nRows + nSamples);
    },
  };
}
