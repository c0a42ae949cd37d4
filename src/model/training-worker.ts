import { parameterLayout } from '../problem/parameters.ts';
import { Arena } from '../runtime/arena.ts';
import type { LeaderSetup } from '../runtime/crew.ts';
import type { KernelExports } from '../runtime/kernels.ts';
import { instantiateKernels } from '../runtime/load.ts';
import { threadedRuntime } from '../runtime/threads.ts';
import { workerPort } from '../runtime/worker-port.ts';
import { solve } from '../solvers/solve.ts';
import type { Iteration, Solution } from '../solvers/solver.ts';
import { plainError, type TrainingReport, type TrainingStart } from './training-message.ts';

/** Iterations are sent together at most this often: a message costs the receiving event loop a turn. */
const REPORT_MS = 50;

const port = workerPort();

/** What the first message brings: the memory that all fits of this worker are in. */
interface Setup extends LeaderSetup {
  readonly kernels: KernelExports;
}
let setup: (() => Setup) | null = null;

port.onMessage((message) => {
  if (setup === null) {
    setup = setUp(message as LeaderSetup);
    return;
  }
  try {
    const { theta, ...solution } = train(setup(), message as TrainingStart);
    send({ kind: 'solution', solution: { ...solution, theta: theta.byteOffset } });
  } catch (error) {
    send({ kind: 'error', error: plainError(error) });
  }
});

/** Done at once; what failed is thrown when a fit asks for it, since nobody listens before. */
function setUp({ module, memory }: LeaderSetup): () => Setup {
  try {
    const kernels = instantiateKernels(module, memory);
    return () => ({ module, memory, kernels });
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function send(report: TrainingReport): void {
  port.post(report);
}

function train({ module, memory, kernels }: Setup, start: TrainingStart): Solution {
  const { problem, solver, limits } = start;
  const { matrix, nClasses } = problem.trainingSet;
  const arena = new Arena(memory, start.extent);
  const runtime = threadedRuntime(module, kernels, arena, start.dispatchWords, start.threads);
  const theta = arena.f64(start.theta, parameterLayout(matrix.nFeatures, nClasses).size);
  const began = performance.now();
  const run = solve(runtime, problem, theta, solver, {
    ...limits,
    clock: () => start.seconds + (performance.now() - began) / 1000,
    aborted: () => Atomics.load(start.abortFlag, 0) !== 0,
  });

  let pending: Iteration[] = [];
  let reportAt = performance.now();
  const report = () => {
    if (pending.length > 0) send({ kind: 'iterations', iterations: pending });
    pending = [];
    reportAt = performance.now() + REPORT_MS;
  };
  for (let step = run.next(); ; step = run.next()) {
    if (step.done) {
      report();
      return step.value;
    }
    pending.push(step.value);
    if (performance.now() >= reportAt) report();
  }
}
