import { columnScales } from '../problem/column-scales.ts';
import { compositeObjective } from '../problem/composite-objective.ts';
import { dataPasses } from '../problem/data-passes.ts';
import type { Objective } from '../problem/objective.ts';
import type { Problem } from '../problem/problem.ts';
import { separabilityTest } from '../problem/separability.ts';
import { vectorSpace } from '../problem/vector-space.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  DUAL_COORDINATE_DESCENT,
  dualCoordinateDescent,
  supportsDualCoordinateDescent,
} from './dual-coordinate-descent.ts';
import { lbfgs } from './lbfgs.ts';
import { newtonCg } from './newton-cg.ts';
import { owlQn } from './owl-qn.ts';
import { proximalNewton } from './proximal-newton.ts';
import { SMOOTHING, smoothing, supportsSmoothing } from './smoothing.ts';
import type { SolverOptions, SolverRun } from './solver.ts';
import { STOCHASTIC, stochastic, supportsStochastic } from './stochastic.ts';

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
  onObjective('proximal-newton', 'softmax with L1 or elastic net', isSparseSoftmax, proximalNewton),
  onObjective('owl-qn', 'softmax with L1 or elastic net', isSparseSoftmax, owlQn),
  {
    name: DUAL_COORDINATE_DESCENT,
    needs: 'hinge with L2',
    supports: supportsDualCoordinateDescent,
    run: dualCoordinateDescent,
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
    solver(poseObjective(runtime, problem), theta, options);
  return { name, needs, supports, run };
}

/** The objective of a softmax problem on the kernels. */
function poseObjective(runtime: Runtime, problem: Problem): Objective {
  const { trainingSet, penalty, intercept } = problem;
  const { arena } = runtime;
  const loss = { kind: 'softmax' } as const;
  const passes = dataPasses(runtime, trainingSet, loss);
  const unpenalized = penalty.ridge === 0 && penalty.lasso === 0;
  return compositeObjective(passes, vectorSpace(runtime), penalty, {
    intercept,
    loss,
    scales: columnScales(arena, trainingSet),
    separatedClasses: unpenalized ? separabilityTest(arena, trainingSet, passes.layout, intercept) : null,
  });
}

function isSmooth({ loss, penalty, dropout }: Problem): boolean {
  return loss.kind === 'softmax' && penalty.lasso === 0 && dropout === 0;
}

function isSparseSoftmax({ loss, penalty, dropout }: Problem): boolean {
  return loss.kind === 'softmax' && penalty.lasso > 0 && dropout === 0;
}
