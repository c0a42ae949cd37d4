import type { TrainingSet } from '../data/design-matrix.ts';
import { choleskyMatrix } from '../problem/cholesky.ts';
import { hingeHessian } from '../problem/hinge-hessian.ts';
import { hingeLine } from '../problem/hinge-line.ts';
import { MOST_PAIRS, PAIR_BYTES } from '../problem/hinge-pairs.ts';
import { leadingDirections } from '../problem/leading-directions.ts';
import { roundUp } from '../problem/pass-task.ts';
import type { HingeState } from '../problem/passes.ts';
import type { Problem } from '../problem/problem.ts';
import { rowProjections } from '../problem/row-projections.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { NewtonCgSettings } from './newton-cg.ts';
import { subspaceInverse } from './subspace-inverse.ts';

/**
 * What a Cholesky factor may have in unknowns: 20 ms at 640. Image-like rows, C = 1, took 31 and 38 Newton steps with 30
 * and 100 directions.
 */
const MOST_UNKNOWNS = 640;
/** With fewer, unless they are all, the rest of the Hessian decides. */
const FEWEST_DIRECTIONS = 16;
/** What is kept for each row may take so much in all. */
const MOST_BYTES = 2 ** 30;
/** nSamples × stride, f32: two sets of scores of the line, the centres and those of the round before. */
const KEPT_SCORES = 4;

export function suitsHingeNewton({ trainingSet, penalty }: Problem): boolean {
  return penalty.ridge > 0 && penalty.lasso === 0 && directionCount(trainingSet) > 0;
}

/** How many leading directions of dense rows a Hessian is made in; 0 where they would be too few, or take too much. */
function directionCount({ matrix, nClasses }: TrainingSet): number {
  if (matrix.kind !== 'dense') return 0;
  const count = Math.min(matrix.nFeatures, Math.floor(MOST_UNKNOWNS / nClasses) - 1);
  if (matrix.nSamples * bytesOfRow(count, nClasses) > MOST_BYTES) return 0;
  return count >= Math.min(matrix.nFeatures, FEWEST_DIRECTIONS) ? Math.max(0, count) : 0;
}

/** Of its projection with a 1 behind, of what is kept of its scores, and of its pairs. */
function bytesOfRow(count: number, nClasses: number): number {
  return (
    4 * roundUp(count + 1, 4) + KEPT_SCORES * 4 * roundUp(nClasses, 4) + PAIR_BYTES * MOST_PAIRS * nClasses
  );
}

/**
 * How Newton's method goes on a smoothed hinge with L2 over dense rows: preconditioned by the Hessian in the
 * leading directions of the rows (see subspace-inverse.ts), and each step as long as is best along its direction, which
 * kinks make a tenth of Newton's.
 */
export function hingeNewton(
  runtime: Runtime,
  { trainingSet, penalty, intercept }: Problem,
  state: HingeState,
): NewtonCgSettings {
  const { matrix, nClasses } = trainingSet;
  if (matrix.kind !== 'dense') throw new TypeError('leading directions expected dense rows');
  const directions = leadingDirections(runtime, matrix, directionCount(trainingSet));
  const { projected, project } = rowProjections(runtime, matrix, directions);
  project();
  const hessian = hingeHessian(runtime, trainingSet, projected, intercept);
  const factor = choleskyMatrix(runtime, hessian.size);
  const shape = { nFeatures: matrix.nFeatures, nClasses };
  const inverse = subspaceInverse(runtime, directions, factor, shape, penalty.ridge);
  const line = hingeLine(runtime, trainingSet, state);
  return {
    preconditioner: {
      prepare() {
        hessian.fill(state.curvatures(), factor);
        inverse.invert();
      },
      apply: inverse.apply,
    },
    firstStep: (theta, direction) => line(theta, direction, penalty.ridge),
  };
}
