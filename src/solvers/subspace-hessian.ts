import type { TrainingSet } from '../data/design-matrix.ts';
import { choleskyMatrix } from '../problem/cholesky.ts';
import { jointHessian } from '../problem/joint-hessian.ts';
import { leadingDirections } from '../problem/leading-directions.ts';
import { rowCurvatures } from '../problem/row-curvatures.ts';
import type { WeightedSample } from '../problem/row-sample.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Preconditioner } from './preconditioner.ts';
import { subspaceInverse } from './subspace-inverse.ts';

/**
 * The inverse of a sampled Hessian of softmax in two parts: in the span of the `count` directions along which the rows
 * vary most, and across it (see subspace-inverse.ts). The rows are drawn of `all` at each point anew, by their
 * curvature there, the directions once for all.
 */
export function subspaceHessian(
  runtime: Runtime,
  all: TrainingSet,
  { rows, draw }: WeightedSample,
  count: number,
  ridge: number,
  intercept: boolean,
): Preconditioner {
  const { nFeatures } = rows.matrix;
  const directions = leadingDirections(runtime, rows, count);
  const { projected, project } = directions;
  const hessian = jointHessian(runtime, projected, intercept, rows);
  const factor = choleskyMatrix(runtime, hessian.size);
  const curvatures = rowCurvatures(runtime, all);
  const shape = { nFeatures, nClasses: rows.nClasses };
  const inverse = subspaceInverse(runtime, directions, factor, shape, ridge);

  return {
    prepare(theta) {
      draw(curvatures(theta));
      project();
      hessian.fill(theta, factor);
      inverse.invert();
    },
    apply: inverse.apply,
  };
}
