import type { MatrixSize } from '../data/design-matrix.ts';
import { growingRuntime } from '../runtime/growing-runtime.ts';
import { gatherFollowers, leadingRuntime } from '../runtime/leading-runtime.ts';
import type { Platform } from '../runtime/platform.ts';
import { discardWorkbench, returnWorkbench, takeWorkbench, type Workbench } from '../runtime/workbench.ts';
import type { Iteration, Solution } from '../solvers/solver.ts';
import type { Classifier } from './classifier.ts';
import { type DataSummary, dataSource, type FitData, summarize } from './fit-data.ts';
import type { FitOptions } from './options.ts';
import { placeOn, pose } from './posed-problem.ts';
import { type ResolvedFitOptions, resolveFitOptions } from './resolve-options.ts';
import { trainHere } from './train-here.ts';
import { trainedClassifier } from './trained-classifier.ts';
import { type TrainingPlace, trainingPlace } from './training-place.ts';
import type { TrainingTask } from './training-task.ts';

export interface TrainListener {
  onData(summary: DataSummary): void;
  onIteration(iteration: Iteration): void;
}

/** A fit from end to end: check, place the data, solve, fold back into original units, give the memory back. */
export async function train(
  platform: Platform,
  data: FitData,
  options: FitOptions,
  listener: TrainListener,
): Promise<Classifier> {
  const began = performance.now();
  const source = dataSource(data);
  const resolved = resolveFitOptions(options, { sparse: source.sparse });
  const bench = await takeWorkbench(platform);
  const mark = bench.arena.mark();
  const first = bench.arena.extent().highWater === mark;
  const place = (size: MatrixSize, nClasses: number) => {
    const cold = first && bench.crew.threads === 1;
    return trainingPlace(platform, size, nClasses, resolved.threads, cold);
  };
  let writing = false;
  try {
    const training = await placeOn(platform, bench, source, resolved, (size, nClasses) => {
      // Workers load while the matrix is laid out.
      startCrew(platform, bench, place(size, nClasses), resolved.threads);
    });
    listener.onData(summarize(training));
    const posed = pose(bench.arena, training, resolved);
    const { tolerance, maxIterations, maxSeconds, seed, solver, signal, onIteration } = resolved;
    const task: TrainingTask = {
      ...posed,
      solver,
      limits: { tolerance, maxIterations, maxSeconds, seed },
      clock: () => (performance.now() - began) / 1000,
      signal,
      onIteration(iteration) {
        listener.onIteration(iteration);
        onIteration?.(iteration);
      },
    };
    const chosen = place(training.matrix, training.classes.length);
    writing = chosen.kind === 'worker';
    const solution =
      chosen.kind === 'here'
        ? await trainHere(leadingRuntime(bench, led(chosen, resolved.threads)), task)
        : await trainInWorker(platform, bench, chosen.threads, task);
    writing = false;
    const runtime = growingRuntime(platform, bench, resolved.threads);
    return trainedClassifier(runtime, training, resolved, posed.layout, solution);
  } finally {
    if (writing) discardWorkbench(bench);
    else returnWorkbench(bench, mark);
  }
}

function startCrew(
  platform: Platform,
  bench: Workbench,
  place: TrainingPlace,
  asked: ResolvedFitOptions['threads'],
): void {
  const { kind, threads } = place;
  if (kind === 'worker') bench.crew.start(platform, bench.module, bench.arena.memory, threads);
  else gatherFollowers(platform, bench, threads, led(place, asked));
}

/** The most threads that a fit on the calling thread leads: as many as wait already, unless fewer were asked for. */
function led({ threads }: TrainingPlace, asked: ResolvedFitOptions['threads']): number {
  return threads === 1 ? 1 : (asked ?? Infinity);
}

async function trainInWorker(
  platform: Platform,
  bench: Workbench,
  threads: number,
  task: TrainingTask,
): Promise<Solution> {
  const { trainElsewhere } = await import('./train-elsewhere.ts');
  return trainElsewhere(platform, bench, threads, task);
}
