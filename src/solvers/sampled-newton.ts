import type { DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { jointHessianProducts } from '../problem/joint-hessian.ts';
import { parameterLayout } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import { sampleRows } from '../problem/row-sample.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lbfgs } from './lbfgs.ts';
import { sampledHessian } from './sampled-hessian.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const SAMPLED_NEWTON = 'sampled-newton';

export function supportsSampledNewton({ loss, penalty, dropout }: Problem): boolean {
  return loss.kind === 'softmax' && penalty.ridge > 0 && penalty.lasso === 0 && dropout === 0;
}

/**
 * Rows whose Hessian stands for that of all: 1000 took 45 passes where 2000 took 33 and 4000 took 30 (letters,
 * 442 unknowns), and each thousand costs as much as two passes there.
 */
const HESSIAN_ROWS = 2000;
/** The optimum on a sixth of the rows is a start for all of them; 4 and 8 did as well. */
const LEVEL_RATIO = 6;
const FEWEST_LEVEL_ROWS = 2000;
/** The gap to which a part of the rows is worth solving: its optimum is farther than that from the whole's. */
const LEVEL_GAP = 0.1;

/**
 * L-BFGS preconditioned by the Cholesky factor of the whole Hessian of a sample of rows, started from the optimum
 * on a part of the rows, that from a part of the part, and so on: quasi-Newton steps that see all classes and
 * features at once. For many rows and few unknowns: a factor takes (K (d + 1))³ / 3 products.
 *
 * A θ that is not 0 is a warm start for all rows at once. `passes` counts a pass over a part of the rows as that
 * part. Which rows are drawn comes from the seed.
 *
 * Sources: Byrd, Chin, Neveitt & Nocedal, SIAM J. Optim. 21 (2011), for Hessians of samples.
 */
export function* sampledNewton(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { arena } = runtime;
  const { trainingSet } = problem;
  const { nSamples } = trainingSet.matrix;
  let iterations = 0;
  let passes = 0;

  if (theta.every((x) => x === 0)) {
    for (const size of levelSizes(nSamples)) {
      const mark = arena.mark();
      const rows = sampleRows(arena, trainingSet, size, options.seed);
      if (rows !== null) {
        const part = { ...problem, trainingSet: rows };
        const { passes: spent } = yield* counted(
          level(runtime, part, theta, rest(), LEVEL_GAP),
          size / nSamples,
        );
        passes += (spent * size) / nSamples;
      }
      arena.release(mark);
    }
  }
  const solution = yield* counted(level(runtime, problem, theta, rest(), null), 1);
  return { ...solution, solver: SAMPLED_NEWTON, iterations, passes: passes + solution.passes };

  function rest(): SolverOptions {
    return { ...options, maxIterations: Math.max(0, options.maxIterations - iterations) };
  }

  /** Numbers iterations through, and adds up passes. */
  function* counted(run: SolverRun, share: number): SolverRun {
    let step = run.next();
    while (!step.done) {
      iterations++;
      yield { ...step.value, iteration: iterations, passes: passes + step.value.passes * share };
      step = run.next();
    }
    return step.value;
  }
}

/** The numbers of rows of the parts, from the least. */
function levelSizes(nSamples: number): number[] {
  const sizes: number[] = [];
  for (let size = nSamples / LEVEL_RATIO; size >= FEWEST_LEVEL_ROWS; size /= LEVEL_RATIO) {
    sizes.unshift(Math.floor(size));
  }
  return sizes;
}

/** One run on all rows of the problem; to `gap` where it is a part of another. */
function* level(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  gap: number | null,
): SolverRun {
  const { trainingSet, penalty, intercept } = problem;
  const rows = sampleRows(runtime.arena, trainingSet, hessianRows(trainingSet), options.seed);
  const objective = softmaxObjective(runtime, problem);
  const settings = {
    ...(gap === null ? {} : { innerGap: gap }),
    ...(rows === null
      ? {}
      : { preconditioner: sampledHessian(runtime, trainingSet, rows, penalty.ridge, intercept) }),
  };
  return yield* lbfgs(objective, theta, options, settings);
}

/** More rows than HESSIAN_ROWS, up to all, where their Hessian costs no more than a pass. */
function hessianRows({ matrix, nClasses }: TrainingSet): number {
  const affordable = passProducts(matrix, nClasses) / jointHessianProducts(matrix.nFeatures + 1, nClasses);
  return Math.min(matrix.nSamples, Math.ceil(Math.max(HESSIAN_ROWS, affordable)));
}

/**
 * What the Hessians and their factors cost, in passes over the data: three are usual. A factor's products, in f64 and
 * not as well arranged, cost three times a pass's.
 */
export function factorPasses(trainingSet: TrainingSet): number {
  const { matrix, nClasses } = trainingSet;
  const nColumns = matrix.nFeatures + 1;
  const hessian = hessianRows(trainingSet) * jointHessianProducts(nColumns, nClasses);
  return (3 * (hessian + (nColumns * nClasses) ** 3)) / passProducts(matrix, nClasses);
}

/** exp and log of one score cost as much as so many products. */
const SCORE_PRODUCTS = 6;

function passProducts(matrix: DesignMatrix, nClasses: number): number {
  const { stride } = parameterLayout(matrix.nFeatures, nClasses);
  const values = matrix.kind === 'sparse' ? matrix.nonzeros : matrix.nSamples * matrix.nFeatures;
  return stride * (2 * values + SCORE_PRODUCTS * matrix.nSamples);
}
