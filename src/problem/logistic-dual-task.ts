import type { Runtime } from '../runtime/runtime.ts';
import {
  batchRows,
  type DualAscent,
  INTERCEPT_STEP,
  rowOrder,
  rowPointers,
  squaredNorms,
} from './dual-rows.ts';
import { log } from './elementary.ts';
import type { Problem } from './problem.ts';

const TASK_BYTES = 104;
/** Where the doubles lie that a run changes. */
const DOUBLES = { intercept: 2, stepSum: 3, gain: 4, loss: 5 } as const;
const SCRATCH_FLOATS = 128;
/** The least part of the rows that a class is taken to have where b starts. */
const RAREST = 1e-9;

/**
 * The dual of two classes on one score, at t = 0 and so w = 0, with b at the log odds of the classes. As softmaxDual
 * otherwise; an epoch runs on the calling thread. Kernel and formulas: kernels/logistic-dual-ascent.ts.
 */
export function logisticDual(runtime: Runtime, problem: Problem, seed: number): DualAscent {
  const { arena, kernels } = runtime;
  const { trainingSet, penalty, intercept } = problem;
  const { matrix } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const kappa = 1 / (2 * penalty.ridge * n);
  const rho = intercept ? INTERCEPT_STEP / kappa : 0;
  const labels = arena.u32(trainingSet.labels, n);
  const sampleWeights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const signed = arena.allocateF32(n);
  let second = 0;
  for (let i = 0; i < n; i++) {
    const v = sampleWeights === null ? 1 : sampleWeights[i];
    signed[i] = (2 * labels[i] - 1) * v;
    second += (labels[i] * v) / n;
  }
  const weights = arena.allocateF32(d);
  const order = rowOrder(arena, n, seed);

  const task = arena.allocate(TASK_BYTES);
  const rows = rowPointers(arena, matrix);
  const doubles = arena.f64(task, 6);
  const odds = Math.max(RAREST, second) / Math.max(RAREST, 1 - second);
  doubles.set([kappa, rho, intercept ? log(odds) : 0, 0, 0, 0]);
  const arrays = [
    signed,
    squaredNorms(arena, matrix),
    arena.allocateF32(n),
    weights,
    order.rows,
    arena.allocateF32(SCRATCH_FLOATS),
  ];
  arena
    .u32(task + 48, 13)
    .set([
      ...[n, d, batchRows(runtime, matrix), rows.rowStride, rows.values, rows.rowStarts, rows.rowIndices],
      ...arrays.map(({ byteOffset }) => byteOffset),
    ]);

  return {
    epoch() {
      order.draw();
      kernels.logisticDualEpoch(task);
      // b₀ takes over what Σ vᵢ uᵢ has added to b.
      doubles[DOUBLES.intercept] += rho * doubles[DOUBLES.stepSum];
      const [gain, loss] = [doubles[DOUBLES.gain] / n, doubles[DOUBLES.loss] / n];
      return { gain, loss, swing: 0, relaxed: false };
    },
    writeTheta(theta) {
      theta.set(weights);
      theta[d] = doubles[DOUBLES.intercept];
    },
  };
}
