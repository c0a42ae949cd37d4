import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { LOGISTIC_MODES, LOGISTIC_SUMS, logisticPartialBytes, logisticTask } from './logistic-task.ts';
import { scoreLayout } from './parameters.ts';
import { denseShards, type PassShards, sparseShards } from './pass-shards.ts';
import type { DataPasses, Precision } from './passes.ts';

/** A block of rows stays in the first-level cache between X w and Xᵀ u. */
const BLOCK_BYTES = 24_000;
const FEWEST_BLOCK_ROWS = 8;
/** As many as the kernels' product of 1 + exp may have factors. */
const MOST_BLOCK_ROWS = 256;
/** Of compact rows: their entries stay in the second-level cache. */
const COMPACT_BLOCK_ROWS = 64;

/**
 * Passes by the kernels for binary logistic regression, the loss of two classes that share one score z = w·x + b:
 *   ℓ = log(1 + exp(−(2y − 1) z)),   u = ∂ℓ/∂z
 * θ is w and b, without padding. As `dataPasses` otherwise: any number of threads, the same bits.
 */
export function logisticPasses(runtime: Runtime, trainingSet: TrainingSet): DataPasses {
  const { arena } = runtime;
  const { matrix, labels, sampleWeights } = trainingSet;
  const { nSamples, nFeatures } = matrix;
  const layout = scoreLayout(nFeatures);
  const dense = matrix.kind === 'dense';
  const rowStride = dense ? matrix.stride : nFeatures;
  const shards = logisticShards(runtime, trainingSet);
  const nRowShards = shards.rows.length - 1;
  const nFeatureShards = shards.features.length - 1;
  const partialStep = logisticPartialBytes(dense ? rowStride : 0);
  const partials = arena.allocateF64((partialStep * nRowShards) / 8);
  const weights = arena.allocateF64(rowStride);
  const weightsSingle = arena.f32(weights.byteOffset, rowStride);
  const rowShards = arena.allocateU32(nRowShards + 1);
  rowShards.set(shards.rows);
  const featureShards = arena.allocateU32(nFeatureShards + 1);
  featureShards.set(shards.features);
  const padded = Math.ceil(nSamples / 4) * 4;
  const signed = arena.allocateF32(padded);
  const y = arena.u32(labels, nSamples);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  for (let i = 0; i < nSamples; i++) signed[i] = (2 * y[i] - 1) * (v === null ? 1 : v[i]);
  const compact = (dense && matrix.compact) || null;
  const centerAt = dense ? (compact?.center ?? 0) : matrix.center;
  const center = centerAt === 0 ? null : arena.f64(centerAt, nFeatures);

  const task = logisticTask(arena);
  task.set({
    inverseCount: 1 / nSamples,
    nSamples,
    nFeatures,
    sampleWeights,
    signedWeights: signed.byteOffset,
    rowShards: rowShards.byteOffset,
    nRowShards,
    featureShards: featureShards.byteOffset,
    weights: weights.byteOffset,
    partials: partials.byteOffset,
    partialStep,
    center: centerAt,
  });
  if (matrix.kind === 'dense') {
    const fitting = Math.floor(BLOCK_BYTES / (rowStride * 4) / 8) * 8;
    const blockRows = compact
      ? COMPACT_BLOCK_ROWS
      : Math.min(MOST_BLOCK_ROWS, Math.max(FEWEST_BLOCK_ROWS, fitting));
    const workStep = blockRows * 8;
    const work = arena.allocate(workStep * nRowShards);
    task.set({ values: matrix.values, rowStride, blockRows, work, workStep });
    if (compact) {
      task.set({ rowStarts: compact.starts, rowIndices: compact.indices, rowValues: compact.values });
    }
  } else {
    const { rowStarts, rowIndices, rowValues, columnStarts, columnIndices, columnValues } = matrix;
    const work = arena.allocate(8 * padded);
    task.set({ rowStarts, rowIndices, rowValues, columnStarts, columnIndices, columnValues });
    task.set({ work });
  }
  let prepared: Float32Array | null = null;
  let curvatures: Float32Array | null = null;
  let passes = 0;

  function sum(at: number): number {
    let total = 0;
    for (let s = 0; s < nRowShards; s++) total += partials[(s * partialStep) / 8 + at];
    return total;
  }

  function run(mode: number, theta: Float64Array, gradient: Float64Array | null, precision: Precision) {
    const single = precision === 'single';
    const w = theta.subarray(0, nFeatures);
    let intercept = theta[nFeatures];
    for (let j = 0; center !== null && j < nFeatures; j++) intercept -= center[j] * w[j];
    // One room serves both precisions: what the other one left behind the weights must not stay.
    (single ? weightsSingle : weights).fill(0, nFeatures);
    (single ? weightsSingle : weights).set(w);
    task.set({ mode, intercept, gradient: gradient?.byteOffset ?? 0 });
    if (compact) runtime.run(single ? 'logisticCompact' : 'logisticCompactDouble', task.pointer, nRowShards);
    else if (dense) runtime.run(single ? 'logisticDense' : 'logisticDenseDouble', task.pointer, nRowShards);
    else runtime.run(single ? 'logisticSparse' : 'logisticSparseDouble', task.pointer, nRowShards);
    if (gradient === null) return;
    const residualSum = sum(LOGISTIC_SUMS.residual);
    gradient[nFeatures] = residualSum / nSamples;
    task.set({ residualSum });
    if (dense) runtime.run('logisticReduce', task.pointer, nFeatureShards);
    else runtime.run(single ? 'logisticColumns' : 'logisticColumnsDouble', task.pointer, nFeatureShards);
  }

  function prepare(theta: Float64Array): Float32Array {
    passes += 0.5;
    prepared ??= arena.allocateF32(padded);
    task.set({ prepared: prepared.byteOffset });
    run(LOGISTIC_MODES.prepare, theta, null, 'single');
    return prepared;
  }

  return {
    layout,
    nSamples,
    get passes() {
      return passes;
    },
    setSmoothing() {},
    recentre() {},
    lossAndGradient(theta, gradient, precision) {
      passes++;
      run(LOGISTIC_MODES.loss, theta, gradient, precision);
      return sum(LOGISTIC_SUMS.loss) / nSamples;
    },
    prepareHessian(theta) {
      prepare(theta);
      return 1;
    },
    probabilities: prepare,
    interceptPass(theta, residual, interceptHessian) {
      const wrong = prepare(theta);
      let sum = 0;
      let curvature = 0;
      let least = 0;
      for (let i = 0; i < nSamples; i++) {
        const u = signed[i] * wrong[i];
        sum -= u;
        curvature += Math.abs(u) * (1 - wrong[i]);
        least += Math.abs(u);
      }
      residual[0] = sum / nSamples;
      interceptHessian[0] = curvature / nSamples;
      // −log(1 − p) ≥ p
      return least / nSamples;
    },
    hessianDiagonal(out) {
      if (prepared === null) throw new Error('a Hessian must be prepared before its diagonal is asked for');
      passes += 0.5;
      curvatures ??= arena.allocateF32(padded);
      let sum = 0;
      for (let i = 0; i < nSamples; i++) {
        curvatures[i] = Math.abs(signed[i]) * prepared[i] * (1 - prepared[i]);
        sum += curvatures[i];
      }
      task.set({ curvatures: curvatures.byteOffset, gradient: out.byteOffset, residualSum: dense ? 0 : sum });
      if (dense) {
        runtime.run('logisticDiagonalRows', task.pointer, nRowShards);
        runtime.run('logisticReduce', task.pointer, nFeatureShards);
      } else runtime.run('logisticDiagonalColumns', task.pointer, nFeatureShards);
      out[nFeatures] = sum / nSamples;
    },
    hessianProduct(direction, out) {
      passes++;
      run(LOGISTIC_MODES.hessian, direction, out, 'single');
    },
    certificatePass(theta, gradient, interceptHessian) {
      passes++;
      run(LOGISTIC_MODES.certificate, theta, gradient, 'double');
      if (interceptHessian !== null) interceptHessian[0] = sum(LOGISTIC_SUMS.curvature) / nSamples;
      return {
        loss: sum(LOGISTIC_SUMS.loss) / nSamples,
        dual: sum(LOGISTIC_SUMS.dual) / nSamples,
        dualBend: {
          nearOdds: sum(LOGISTIC_SUMS.nearOdds) / nSamples,
          farLoss: sum(LOGISTIC_SUMS.farLoss) / nSamples,
          farOdds: sum(LOGISTIC_SUMS.farOdds) / nSamples,
        },
      };
    },
    dualValue(theta, scale) {
      passes += 0.5;
      task.set({ dualScale: scale });
      run(LOGISTIC_MODES.dual, theta, null, 'double');
      return sum(LOGISTIC_SUMS.dual) / nSamples;
    },
  };
}

/** Rows are worked on four at a time, so shards of rows begin at multiples of four. */
function logisticShards({ arena }: Runtime, { matrix }: TrainingSet): PassShards {
  if (matrix.kind === 'dense') return denseShards(matrix, 1);
  const { rows, features } = sparseShards(arena, matrix, 1, 1);
  return { rows: rows.map((row) => (row === matrix.nSamples ? row : row - (row % 4))), features };
}
