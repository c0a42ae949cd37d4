import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parameterLayout } from './parameters.ts';
import { PADDING_SCORE } from './pass-task.ts';
import type { HingeState } from './passes.ts';

/** As in kernels/hinge-line.ts and kernels/row-projections.ts. */
const LINE_ROWS = 512;
const SCORE_ROWS = 96;
/** The slope may be left at this part of what it was; of few steps of Newton's method, each without a pass. */
const FLAT = 0.05;
const MOST_STEPS = 20;

/**
 * The step along a direction from θ at which the smoothed hinge with the ridge is least, to FLAT of its slope: Newton's
 * method on one number, kept inside a bracket, on scores that are linear in it. One pass's products with W. Returns 1
 * where the direction does not descend.
 */
export type HingeLine = (theta: Float64Array, direction: Float64Array, ridge: number) => number;

/** For dense rows. */
export function hingeLine(runtime: Runtime, trainingSet: TrainingSet, state: HingeState): HingeLine {
  const { arena, kernels } = runtime;
  const { matrix, nClasses, labels, sampleWeights } = trainingSet;
  if (matrix.kind !== 'dense') throw new TypeError('a line of scores expected dense rows');
  const { nSamples, nFeatures } = matrix;
  const { stride } = parameterLayout(nFeatures, nClasses);
  const nShards = Math.ceil(nSamples / LINE_ROWS);
  const weights = arena.allocateF32(nFeatures * stride);
  const constants = arena.allocateF32(stride);
  const scores = arena.allocateF32(nSamples * stride);
  const changes = arena.allocateF32(nSamples * stride);
  const partials = arena.allocateF64(2 * nShards);
  const scoring = arena.allocateU32(12);
  const { compact, stride: rowStride, values } = matrix;
  const center = compact === undefined ? null : arena.f64(compact.center, nFeatures);
  const line = arena.allocate(56);
  const scalars = arena.f64(line, 3);
  arena
    .u32(line + 24, 8)
    .set([
      nSamples,
      stride,
      labels,
      sampleWeights,
      scores.byteOffset,
      changes.byteOffset,
      state.centres,
      partials.byteOffset,
    ]);

  function score(theta: Float64Array, out: Float32Array, padding: number): void {
    weights.set(theta.subarray(0, nFeatures * stride));
    constants.fill(padding);
    constants.set(theta.subarray(nFeatures * stride, nFeatures * stride + nClasses));
    if (center !== null) subtractCentre(center, theta);
    const { byteOffset: W } = weights;
    const rows = compact?.values ?? values;
    scoring.set([nSamples, rowStride, nFeatures, stride, rows, W, constants.byteOffset, out.byteOffset, 0]);
    if (compact) scoring.set([compact.starts, compact.indices], 9);
    const kernel = compact ? 'projectCompactRows' : 'projectRows';
    runtime.run(kernel, scoring.byteOffset, Math.ceil(nSamples / SCORE_ROWS));
  }

  /** constants ← constants − W · center */
  function subtractCentre(center: Float64Array, theta: Float64Array): void {
    for (let k = 0; k < nClasses; k++) {
      let sum = 0;
      for (let j = 0; j < nFeatures; j++) sum += center[j] * theta[j * stride + k];
      constants[k] -= sum;
    }
  }

  function derivatives(step: number): { readonly slope: number; readonly curvature: number } {
    scalars.set([state.margin, 1 / state.smoothing(), step]);
    runtime.run('hingeLine', line, nShards);
    let slope = 0;
    let curvature = 0;
    for (let shard = 0; shard < nShards; shard++) {
      slope += partials[2 * shard];
      curvature += partials[2 * shard + 1];
    }
    return { slope: slope / nSamples, curvature: curvature / nSamples };
  }

  return (theta, direction, ridge) => {
    score(theta, scores, PADDING_SCORE);
    score(direction, changes, 0);
    const length = nFeatures * stride;
    const along = 2 * ridge * kernels.dot(theta.byteOffset, direction.byteOffset, length);
    const bend = 2 * ridge * kernels.dot(direction.byteOffset, direction.byteOffset, length);
    return leastStep((step) => {
      const { slope, curvature } = derivatives(step);
      return { slope: slope + along + step * bend, curvature: curvature + bend };
    });
  };
}

function leastStep(at: (step: number) => { readonly slope: number; readonly curvature: number }): number {
  const start = at(0).slope;
  if (!(start < 0)) return 1;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let step = 1;
  for (let count = 0; count < MOST_STEPS; count++) {
    const { slope, curvature } = at(step);
    if (Math.abs(slope) <= FLAT * -start) return step;
    if (slope > 0) high = step;
    else low = step;
    const next = step - slope / curvature;
    // From one flat piece to the next the model may promise too much.
    if (high === Number.POSITIVE_INFINITY) step = Math.min(next, 4 * step);
    else step = next > low && next < high ? next : (low + high) / 2;
  }
  return step;
}
