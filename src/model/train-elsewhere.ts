import type { Platform } from '../runtime/platform.ts';
import type { Workbench } from '../runtime/workbench.ts';
import type { Solution } from '../solvers/solver.ts';
import { reviveError, type TrainingReport, type TrainingStart } from './training-message.ts';
import type { TrainingTask } from './training-task.ts';

/**
 * Runs the solver in the bench's training worker, which leads `threads` − 1 kernel workers. The arena must not be
 * allocated from until the promise is fulfilled; if it is rejected, never again: a worker may still write.
 */
export async function trainElsewhere(
  platform: Platform,
  { module, arena, crew }: Workbench,
  threads: number,
  task: TrainingTask,
): Promise<Solution> {
  const abortFlag = new Int32Array(new SharedArrayBuffer(4));
  const abort = () => Atomics.store(abortFlag, 0, 1);
  crew.start(platform, module, arena.memory, threads);
  const { dispatchWords } = crew;
  if (dispatchWords === null) throw new Error('the crew was not started');
  const start: TrainingStart = {
    extent: arena.extent(),
    dispatchWords,
    threads,
    abortFlag,
    problem: task.problem,
    theta: task.theta.byteOffset,
    solver: task.solver,
    limits: task.limits,
    seconds: task.clock(),
  };
  try {
    return await new Promise<Solution>((resolve, reject) => {
      if (task.signal?.aborted) abort();
      task.signal?.addEventListener('abort', abort);
      crew.work(start, {
        onError: reject,
        onMessage(message) {
          try {
            receive(message as TrainingReport);
          } catch (error) {
            reject(error);
          }
        },
      });

      function receive(report: TrainingReport) {
        if (report.kind === 'iterations') {
          for (const iteration of report.iterations) task.onIteration(iteration);
        } else if (report.kind === 'error') {
          reject(reviveError(report.error));
        } else {
          const { theta, ...solution } = report.solution;
          arena.noteForeignUse();
          resolve({ ...solution, theta: arena.f64(theta, task.theta.length) });
        }
      }
    });
  } finally {
    task.signal?.removeEventListener('abort', abort);
    crew.rest();
  }
}
