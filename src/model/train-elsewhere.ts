import type { Arena } from '../runtime/arena.ts';
import type { Platform } from '../runtime/platform.ts';
import { startKernelWorkers } from '../runtime/threads.ts';
import type { Solution } from '../solvers/solver.ts';
import { reviveError, type TrainingReport, type TrainingStart } from './training-message.ts';
import type { TrainingTask } from './training-task.ts';

/**
 * Runs the solver in a training worker that leads `threads` − 1 kernel workers; all of them are started from
 * here and share the arena's memory. The arena must not be allocated from until the promise is fulfilled; if it
 * is rejected, never again: a worker may still write.
 */
export async function trainElsewhere(
  platform: Platform,
  arena: Arena,
  threads: number,
  task: TrainingTask,
): Promise<Solution> {
  const module = await platform.loadKernels();
  const abortFlag = new Int32Array(new SharedArrayBuffer(4));
  const abort = () => Atomics.store(abortFlag, 0, 1);
  const worker = platform.spawn('training');
  let stopWorkers = () => {};
  try {
    return await new Promise<Solution>((resolve, reject) => {
      const workers = startKernelWorkers(platform, module, arena.memory, threads - 1, reject);
      stopWorkers = workers.close;
      if (task.signal?.aborted) abort();
      task.signal?.addEventListener('abort', abort);
      worker.onError(reject);
      worker.onMessage((message) => {
        try {
          receive(message as TrainingReport);
        } catch (error) {
          reject(error);
        }
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

      const start: TrainingStart = {
        module,
        memory: arena.memory,
        extent: arena.extent(),
        dispatchWords: workers.dispatchWords,
        threads,
        abortFlag,
        problem: task.problem,
        theta: task.theta.byteOffset,
        solver: task.solver,
        limits: task.limits,
        seconds: task.clock(),
      };
      worker.post(start);
    });
  } finally {
    task.signal?.removeEventListener('abort', abort);
    stopWorkers();
    worker.terminate();
  }
}
