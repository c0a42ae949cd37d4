import type { Runtime } from '../runtime/runtime.ts';
import type { Solution } from '../solvers/solver.ts';
import { eventLoopTurns } from './event-loop-turns.ts';
import type { TrainingTask } from './training-task.ts';

let solvers: typeof import('../solvers/solve.ts') | null = null;

/** Runs the solver on the calling thread, in slices between which the event loop has its turn. */
export async function trainHere(runtime: Runtime, task: TrainingTask): Promise<Solution> {
  // Also of a module that is there an import takes 0.05 ms.
  solvers ??= await import('../solvers/solve.ts');
  const { solve } = solvers;
  const { problem, theta, solver, limits, clock, signal, onIteration } = task;
  const run = solve(runtime, problem, theta, solver, {
    ...limits,
    clock,
    aborted: () => signal?.aborted === true,
  });
  const turn = eventLoopTurns();
  for (let step = run.next(); ; step = run.next()) {
    if (step.done) return step.value;
    onIteration(step.value);
    const due = turn();
    if (due !== null) await due;
  }
}
