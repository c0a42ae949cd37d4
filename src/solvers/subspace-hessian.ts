import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence } from '../data/random.ts';
import { choleskyMatrix } from '../problem/cholesky.ts';
import { jointHessian } from '../problem/joint-hessian.ts';
import { DIRECTION_ROWS, leadingDirections, standingOut } from '../problem/leading-directions.ts';
import { isZero } from '../problem/parameters.ts';
import { projectedSample } from '../problem/projected-sample.ts';
import { drawRows, rowRoom } from '../problem/row-sample.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Preconditioner } from './preconditioner.ts';
import { subspaceInverse } from './subspace-inverse.ts';

export interface SubspaceSize {
  /** Directions of the subspace. */
  readonly directions: number;
  /** Rows that a Hessian is made of. */
  readonly rows: number;
}

/**
 * Directions whose curvature at θ = 0, variance / K, is less than so many times the ridge's hardly matter. Images
 * (10 000 × 784) at λ = 1e-2 with 0, 0.5, 1 and 2: 9.5, 9.5, 10.5 and 11.5 passes; 112, 86 and 82 ms with the first three.
 */
const LEAST_CURVATURE = 0.5;

/**
 * The inverse of a sampled Hessian of softmax in two parts: in the span of the directions along which the rows vary
 * most, and across it (see subspace-inverse.ts). The rows are drawn of `all` at each point anew, by their curvature
 * there, the directions once for all: at most so many as `directions`, and only those that stand out. At θ = 0 the
 * directions' variances tell it without rows. Null without a direction.
 */
export function subspaceHessian(
  runtime: Runtime,
  all: TrainingSet,
  { directions: count, rows }: SubspaceSize,
  ridge: number,
  intercept: boolean,
  seed: number,
): Preconditioner | null {
  const { nClasses } = all;
  const { nFeatures } = all.matrix;
  const seen = rowsByWeight(runtime.arena, all, seed);
  const leading = leadingDirections(runtime, seen, count);
  const directions = standingOut(leading, nFeatures, seen.nSamples, LEAST_CURVATURE * 2 * ridge * nClasses);
  if (directions.count === 0) return null;
  const sample = projectedSample(runtime, all, directions, rows, seed);
  const hessian = jointHessian(runtime, sample.rows, intercept);
  const factor = choleskyMatrix(runtime, hessian.size);
  const shape = { nFeatures, nClasses };
  const inverse = subspaceInverse(runtime, directions, factor, shape, ridge, directions.across);

  return {
    prepare(theta) {
      if (isZero(theta)) {
        inverse.invertUniform(directions.variances);
        return;
      }
      sample.draw(theta);
      hessian.fillAt(sample.probabilities, factor);
      inverse.invert();
    },
    apply: inverse.apply,
    scaling: 'none',
  };
}

/** Some rows, drawn by their weights, for the directions to be found on. */
function rowsByWeight(arena: Arena, all: TrainingSet, seed: number): DenseMatrix {
  const { nSamples } = all.matrix;
  const count = Math.min(nSamples, DIRECTION_ROWS);
  const weights =
    all.sampleWeights === 0 ? new Float64Array(nSamples).fill(1) : arena.f64(all.sampleWeights, nSamples);
  const { rows, put } = rowRoom(arena, all, count);
  let at = 0;
  drawRows(weights, count, randomSequence(seed, RANDOM_STREAM.sample), (i) => put(at++, i));
  return rows.matrix;
}
