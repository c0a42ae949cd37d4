import type { Problem } from '../problem/problem.ts';

/** The solver that 'auto' stands for; a name in the registry. */
export function chooseSolver(problem: Problem): string {
  const { loss, penalty, dropout } = problem;
  if (dropout > 0) return 'stochastic';
  if (loss.kind === 'hinge') {
    // Only the dual method works on the exact hinge, and only with L2.
    return penalty.ridge > 0 && penalty.lasso === 0 ? 'dual-coordinate-descent' : 'smoothing';
  }
  if (penalty.lasso > 0) return 'proximal-newton';
  return 'lbfgs';
}
