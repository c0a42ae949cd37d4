import type { TrainingSet } from '../data/design-matrix.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import { sampleRows } from '../problem/row-sample.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LatePreconditioner } from './late-preconditioner.ts';
import { type LbfgsSettings, lbfgs } from './lbfgs.ts';
import type { Preconditioner } from './preconditioner.ts';
import type { SolverOptions, SolverRun } from './solver.ts';
import { Stages } from './stages.ts';

/** What L-BFGS starts from on the rows of a problem, at θ; null where a sample of them weighs nothing, or tells nothing. */
export type SampleCurvature = (
  runtime: Runtime,
  problem: Problem,
  seed: number,
  theta: Float64Array,
) => Preconditioner | null;

/** How a run on the rows descends from there. */
export type Descent = (
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: Pick<LbfgsSettings, 'innerGap' | 'uncertified' | 'preconditioner' | 'late'>,
) => SolverRun;

export interface LevelSettings {
  readonly descent?: Descent;
  /**
   * Where the descent is to do without the preconditioner until it is worth its price. It then begins on all rows: by
   * L-BFGS alone a part's optimum costs more than it saves.
   */
  readonly late?: Omit<LatePreconditioner, 'make'>;
  /** What may be taken on all rows where the descent is slow, instead of the preconditioner or after it. */
  readonly others?: (objective: Objective) => readonly LatePreconditioner[];
}

/** The optimum on a sixth of the rows is a start for all of them; 4 and 8 did as well. */
const LEVEL_RATIO = 6;
const FEWEST_LEVEL_ROWS = 2000;
/**
 * A class's weights from fewer rows are of no use: from a part of a sixth 13 000 × 6, 200 classes, λ = 1e-6, took more
 * than 600 passes, without it 21.5; 20 000 × 10, 180 classes, 44 and 26.5.
 */
const FEWEST_CLASS_ROWS = 20;
/** The gap to which a part of the rows is worth solving: its optimum is farther than that from the whole's. */
const LEVEL_GAP = 0.1;

/**
 * Preconditioned L-BFGS, started from the optimum on a part of the rows, that from a part of the part, and so on.
 *
 * A θ that is not 0 is a warm start for all rows at once. `passes` counts a pass over a part of the rows as that
 * part. Which rows are drawn comes from the seed.
 */
export function* solveByLevels(
  solver: string,
  preconditionerOf: SampleCurvature,
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  settings: LevelSettings = {},
): SolverRun {
  const { arena } = runtime;
  const { trainingSet } = problem;
  const { nSamples } = trainingSet.matrix;
  const stages = new Stages(options);

  if (isZero(theta) && settings.late === undefined) {
    for (const size of levelSizes(trainingSet)) {
      const mark = arena.mark();
      const rows = sampleRows(runtime, trainingSet, size, options.seed);
      if (rows !== null) {
        const part = { ...problem, trainingSet: rows };
        yield* stages.run(
          level(preconditionerOf, runtime, part, theta, stages.rest(), { ...settings, innerGap: LEVEL_GAP }),
          size / nSamples,
        );
      }
      arena.release(mark);
    }
  }
  const whole = level(preconditionerOf, runtime, problem, theta, stages.rest(), settings);
  const solution = yield* stages.run(whole, 1);
  return { ...solution, solver, iterations: stages.iterations, passes: stages.passes };
}

/** The same on all rows from the start, where the exact Hessian of all is cheap. */
export function* solveWhole(
  solver: string,
  preconditionerOf: SampleCurvature,
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const solution = yield* level(preconditionerOf, runtime, problem, theta, options);
  return { ...solution, solver };
}

/** The numbers of rows of the parts, from the least. */
function levelSizes({ matrix, nClasses }: TrainingSet): number[] {
  const fewest = Math.max(FEWEST_LEVEL_ROWS, FEWEST_CLASS_ROWS * nClasses);
  const sizes: number[] = [];
  for (let size = matrix.nSamples / LEVEL_RATIO; size >= fewest; size /= LEVEL_RATIO) {
    sizes.unshift(Math.floor(size));
  }
  return sizes;
}

/** One run on all rows of the problem; to a gap where it is a part of another. */
function level(
  preconditionerOf: SampleCurvature,
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  { descent = lbfgs, late, others, innerGap }: LevelSettings & { readonly innerGap?: number } = {},
): SolverRun {
  const objective = softmaxObjective(runtime, problem);
  const make = () => preconditionerOf(runtime, problem, options.seed, theta);
  const preconditioner = late === undefined ? make() : null;
  const given = {
    ...(innerGap === undefined ? {} : { innerGap, uncertified: true }),
    ...(preconditioner === null ? {} : { preconditioner }),
    late: [
      ...(late === undefined ? [] : [{ ...late, make }]),
      ...(innerGap === undefined ? (others?.(objective) ?? []) : []),
    ],
  };
  return descent(objective, theta, options, given);
}
