import { gapReport } from '../problem/certificate.ts';
import { classMoments, interceptSlack } from '../problem/class-moments.ts';
import { dataPasses } from '../problem/data-passes.ts';
import type { Problem } from '../problem/problem.ts';
import { vectorSpace } from '../problem/vector-space.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { hingeProgram } from './interior-point-program.ts';
import {
  type Iteration,
  limitReached,
  type Solution,
  type SolverOptions,
  type SolverRun,
  type Status,
} from './solver.ts';

export const INTERIOR_POINT = 'interior-point';

/** Unknowns up to which a dense factorization a step is cheap. */
const LARGEST_UNKNOWNS = 300;

/** Hinge with a penalty and few unknowns. */
export function supportsInteriorPoint({ loss, penalty, dropout, trainingSet }: Problem): boolean {
  const { matrix, nClasses } = trainingSet;
  const unknowns = nClasses * (matrix.nFeatures + 1);
  const penalized = penalty.ridge > 0 || penalty.lasso > 0;
  return loss.kind === 'hinge' && dropout === 0 && penalized && unknowns <= LARGEST_UNKNOWNS;
}

/** So many steps that shorten the gap no further are rounding; the first steps may bring none either. */
const PATIENCE = 25;

/**
 * Primal-dual interior-point method for the exact Weston–Watkins hinge under any penalty: some 10 to 40 Newton
 * steps whatever λ, each one dense factorization in the K (nFeatures + 1) unknowns. In plain double precision
 * on the calling thread; θ as given is not used. The dual iterates certify every step.
 *
 * Source: Mehrotra, SIAM J. Optimization 1992 (predictor and corrector).
 */
export function* interiorPoint(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { loss, penalty, trainingSet, intercept } = problem;
  const margin = loss.kind === 'hinge' ? loss.margin : 1;
  const vectors = vectorSpace(runtime);
  const passes = dataPasses(runtime, trainingSet, { kind: 'hinge', margin, smoothing: 0 });
  const { layout } = passes;
  const gradient = vectors.zeros(layout.size);
  const moments = intercept ? classMoments(passes, vectors, loss, gradient) : null;
  const program = hingeProgram(runtime.arena, problem, layout, margin);
  const candidate = new Float64Array(layout.size);
  let objective = Number.POSITIVE_INFINITY;
  let lowerBound = 0;
  let stationarity = Number.POSITIVE_INFINITY;
  let iterations = 0;
  let fruitless = 0;
  let status: Status | null = null;
  const gap = () => Math.max(0, objective - lowerBound) / Math.max(objective, Number.MIN_VALUE);

  const certify = () => {
    const before = gap();
    const pass = program.evaluate(candidate, gradient);
    const nWeights = layout.nFeatures * layout.stride;
    const residual = gradient.subarray(nWeights, nWeights + layout.nClasses);
    const slack = moments === null ? null : interceptSlack(moments, residual);
    const report = gapReport(
      { theta: candidate, gradient, layout, penalty, loss, pass, slack },
      (scale) => scale * pass.dual,
    );
    if (report.objective < objective) {
      objective = report.objective;
      stationarity = report.stationarity;
      theta.set(candidate);
    }
    if (report.lowerBound > lowerBound) lowerBound = report.lowerBound;
    fruitless = gap() < 0.99 * before ? 0 : fruitless + 1;
  };
  const iteration = (): Iteration => ({
    iteration: iterations,
    objective,
    lowerBound,
    relativeGap: gap(),
    seconds: options.clock(),
    passes: iterations,
  });

  certify();
  while (status === null) {
    status = gap() <= options.tolerance ? 'converged' : limitReached(options, iterations);
    if (status !== null) break;
    if (fruitless >= PATIENCE || !program.step()) status = 'stalled';
    else {
      iterations++;
      certify();
      yield iteration();
    }
  }
  const solution: Solution = {
    status,
    solver: INTERIOR_POINT,
    theta,
    objective,
    lowerBound,
    relativeGap: gap(),
    stationarity,
    iterations,
    passes: iterations,
  };
  return solution;
}
