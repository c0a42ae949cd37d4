import type { Objective } from '../problem/objective.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { BLOCK_NEWTON, blockNewton, supportsBlockNewton } from './block-newton.ts';
import { DUAL_ASCENT, dualAscent, supportsDualAscent } from './dual-ascent.ts';
import {
  DUAL_COORDINATE_DESCENT,
  dualCoordinateDescent,
  supportsDualCoordinateDescent,
} from './dual-coordinate-descent.ts';
import { DUAL_SMOOTHING, dualSmoothing, supportsDualSmoothing } from './dual-smoothing.ts';
import { INTERIOR_POINT, interiorPoint, supportsInteriorPoint } from './interior-point.ts';
import { lbfgs } from './lbfgs.ts';
import { newtonCg } from './newton-cg.ts';
import { NEWTON_CHOLESKY, newtonCholesky, supportsNewtonCholesky } from './newton-cholesky.ts';
import { owlQn } from './owl-qn.ts';
import { PROXIMAL_NEWTON } from './proximal-newton.ts';
import { PRUNED_NEWTON, prunedNewton } from './pruned-newton.ts';
import { ROW_SPACE, rowSpaceDescent, supportsRowSpace } from './row-space-descent.ts';
import { SAMPLED_NEWTON, sampledNewton, supportsSampledNewton } from './sampled-newton.ts';
import { SMOOTHING, smoothing, supportsSmoothing } from './smoothing.ts';
import type { SolverOptions, SolverRun } from './solver.ts';
import { STOCHASTIC, stochastic, supportsStochastic } from './stochastic.ts';
import { SUBSPACE_NEWTON, subspaceNewton } from './subspace-newton.ts';
import { workingSetNewton } from './working-set.ts';

/** One algorithm: what it can minimize and how it is run. A new solver is one file and one entry here. */
export interface SolverEntry {
  readonly name: string;
  /** The problems it can minimize, to complete "needs …". */
  readonly needs: string;
  supports(problem: Problem): boolean;
  /** Works on `theta` (in the runtime's memory) in place, from where it stands. */
  run(runtime: Runtime, problem: Problem, theta: Float64Array, options: SolverOptions): SolverRun;
}

type ObjectiveSolver = (objective: Objective, theta: Float64Array, options: SolverOptions) => SolverRun;

export const solverRegistry: readonly SolverEntry[] = [
  onObjective('lbfgs', 'softmax with L2 or no penalty', isSmooth, lbfgs),
  onObjective('newton-cg', 'softmax with L2 or no penalty', isSmooth, newtonCg),
  {
    name: PROXIMAL_NEWTON,
    needs: 'softmax with L1 or elastic net',
    supports: isSparseSoftmax,
    run: workingSetNewton,
  },
  onObjective('owl-qn', 'softmax with L1 or elastic net', isSparseSoftmax, owlQn),
  {
    name: SAMPLED_NEWTON,
    needs: 'softmax with L2',
    supports: supportsSampledNewton,
    run: sampledNewton,
  },
  {
    name: SUBSPACE_NEWTON,
    needs: 'softmax with L2',
    supports: supportsSampledNewton,
    run: subspaceNewton,
  },
  {
    name: ROW_SPACE,
    needs: 'softmax with L2, and dense rows',
    supports: supportsRowSpace,
    run: rowSpaceDescent,
  },
  {
    name: NEWTON_CHOLESKY,
    needs: 'softmax of two classes with L2',
    supports: supportsNewtonCholesky,
    run: newtonCholesky,
  },
  {
    name: DUAL_ASCENT,
    needs:
      'softmax with L2, and columns that are not centred implicitly (sparse data without standardization)',
    supports: supportsDualAscent,
    run: dualAscent,
  },
  onObjective(BLOCK_NEWTON, 'softmax with L2, and dense rows', supportsBlockNewton, blockNewton),
  onObjective(PRUNED_NEWTON, 'softmax with L2', supportsSampledNewton, prunedNewton),
  {
    name: DUAL_COORDINATE_DESCENT,
    needs: 'hinge with L2',
    supports: supportsDualCoordinateDescent,
    run: dualCoordinateDescent,
  },
  {
    name: DUAL_SMOOTHING,
    needs: 'hinge with L2, and dense rows of not too many classes',
    supports: supportsDualSmoothing,
    run: dualSmoothing,
  },
  {
    name: INTERIOR_POINT,
    needs: 'hinge with a penalty and at most 300 unknowns',
    supports: supportsInteriorPoint,
    run: interiorPoint,
  },
  { name: SMOOTHING, needs: 'hinge without dropout', supports: supportsSmoothing, run: smoothing },
  {
    name: STOCHASTIC,
    needs: 'dropout, and columns that are not centred implicitly (sparse data without standardization)',
    supports: supportsStochastic,
    run: stochastic,
  },
];

/** A solver that knows nothing but an objective: the passes are made for it. */
function onObjective(
  name: string,
  needs: string,
  supports: (problem: Problem) => boolean,
  solver: ObjectiveSolver,
): SolverEntry {
  const run = (runtime: Runtime, problem: Problem, theta: Float64Array, options: SolverOptions) =>
    solver(softmaxObjective(runtime, problem), theta, options);
  return { name, needs, supports, run };
}

function isSmooth({ loss, penalty, dropout }: Problem): boolean {
  return loss.kind !== 'hinge' && penalty.lasso === 0 && dropout === 0;
}

function isSparseSoftmax({ loss, penalty, dropout }: Problem): boolean {
  return loss.kind !== 'hinge' && penalty.lasso > 0 && dropout === 0;
}
