import type { Runtime } from '../runtime/runtime.ts';
import type { Solution } from '../solvers/solver.ts';
import type { TrainingTask } from './training-task.ts';

/** Timers, signals and a page's frames wait at most this long, or for the end of one iteration. */
const SLICE_MS = 12;

/** Runs the solver on the calling thread, in slices between which the event loop has its turn. */
export async function trainHere(runtime: Runtime, task: TrainingTask): Promise<Solution> {
  const { solve } = await import('../solvers/solve.ts');
  const { problem, theta, solver, limits, clock, signal, onIteration } = task;
  const run = solve(runtime, problem, theta, solver, {
    ...limits,
    clock,
    aborted: () => signal?.aborted === true,
  });
  let sliceEnd = performance.now() + SLICE_MS;
  for (let step = run.next(); ; step = run.next()) {
    if (step.done) return step.value;
    onIteration(step.value);
    if (performance.now() < sliceEnd) continue;
    await nextTurn();
    sliceEnd = performance.now() + SLICE_MS;
  }
}

/** setTimeout costs a millisecond a turn where Node's setImmediate costs microseconds. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
}
