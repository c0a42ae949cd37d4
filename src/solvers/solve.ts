import { UnsupportedError } from '../errors.ts';
import { withCompactRows } from '../problem/compact-rows.ts';
import { withMixedRows } from '../problem/mixed-rows.ts';
import { parameterLayout, scoreLayout } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import { putOneScore, takeOneScore, withOneScore } from '../problem/two-classes.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { chooseSolver } from './choose.ts';
import { type SolverEntry, solverRegistry } from './registry.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

/**
 * Minimizes the problem from θ (in the runtime's memory, changed in place) by the named solver, or by the one
 * that suits it ('auto'). What the solver allocates is given back when its run ends.
 *
 * Throws RangeError for a name that is no solver's, UnsupportedError for a solver that cannot minimize this
 * problem; both say what is possible.
 */
export function solve(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  solver: string,
  options: SolverOptions,
): SolverRun {
  const { arena } = runtime;
  const mark = arena.mark();
  try {
    const compact = withMixedRows(runtime, withCompactRows(runtime, problem));
    const entry = findSolver(runtime, compact, theta, solver);
    const reduced = withOneScore(compact);
    const solution =
      reduced !== null && entry.supports(reduced)
        ? runWithOneScore(entry, runtime, reduced, theta, options)
        : run(entry, runtime, compact, theta, options);
    return released(arena, mark, solution);
  } catch (error) {
    arena.release(mark);
    throw error;
  }
}

function* released(arena: Arena, mark: number, solution: SolverRun): SolverRun {
  try {
    return yield* solution;
  } finally {
    arena.release(mark);
  }
}

/** Two classes by the solver's run on their one score; θ stays that of two classes. */
function* runWithOneScore(
  entry: SolverEntry,
  runtime: Runtime,
  reduced: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { arena } = runtime;
  const { matrix, nClasses } = reduced.trainingSet;
  const layout = parameterLayout(matrix.nFeatures, nClasses);
  const mark = arena.mark();
  try {
    const score = arena.allocateF64(scoreLayout(matrix.nFeatures).size);
    takeOneScore(theta, layout, score);
    const solution = yield* run(entry, runtime, reduced, score, options);
    putOneScore(score, layout, theta);
    return { ...solution, theta };
  } finally {
    arena.release(mark);
  }
}

function* run(
  entry: SolverEntry,
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const mark = runtime.arena.mark();
  try {
    return yield* entry.run(runtime, problem, theta, options);
  } finally {
    runtime.arena.release(mark);
  }
}

function findSolver(runtime: Runtime, problem: Problem, theta: Float64Array, name: string): SolverEntry {
  const possible = solverRegistry.filter((entry) => entry.supports(problem));
  const wanted = name === 'auto' ? chooseSolver(runtime, problem, theta) : name;
  const found = possible.find((entry) => entry.name === wanted);
  if (found !== undefined) return found;

  const names = (entries: readonly SolverEntry[]) => entries.map((entry) => entry.name).join(', ');
  const entry = solverRegistry.find((candidate) => candidate.name === wanted);
  if (entry === undefined && name !== 'auto') {
    throw new RangeError(
      `"solver" expected auto | ${solverRegistry.map((e) => e.name).join(' | ')}, got "${name}"`,
    );
  }
  const description = describeProblem(problem);
  const alternatives = possible.length === 0 ? 'no solver' : names(possible);
  throw new UnsupportedError(
    `solver "${wanted}" cannot minimize ${description}: it needs ${entry?.needs ?? 'another problem'}; for ${description}: ${alternatives}`,
  );
}

function describeProblem({ loss, penalty, dropout }: Problem): string {
  const { ridge, lasso } = penalty;
  const name =
    lasso > 0 ? (ridge > 0 ? 'an elastic net' : 'an L1 penalty') : ridge > 0 ? 'an L2 penalty' : 'no penalty';
  return `${loss.kind} with ${name}${dropout > 0 ? ' and dropout' : ''}`;
}
