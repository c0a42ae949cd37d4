import type { Platform } from '../runtime/platform.ts';
import type { Iteration } from '../solvers/solver.ts';
import type { Classifier } from './classifier.ts';
import type { DataSummary, FitData } from './fit-data.ts';
import { IterationLog } from './iteration-log.ts';
import type { FitOptions } from './options.ts';
import { train } from './train.ts';

/**
 * A fit under way. Await it for the model; iterate over it for its progress (every iteration from the first,
 * also those before the loop began); or both. To leave the loop early does not end the fit: the `signal`
 * option does.
 */
export interface FitRun extends Promise<Classifier>, AsyncIterable<Iteration> {
  /** What the data turned out to be, as soon as it is read. */
  readonly data: Promise<DataSummary>;
}

/** The entries' `fit`, on a platform. */
export function fitOn(platform: Platform, data: FitData, options: FitOptions = {}): FitRun {
  const log = new IterationLog();
  let announce: (summary: DataSummary) => void = () => {};
  let refuse: (error: unknown) => void = () => {};
  const summary = new Promise<DataSummary>((resolve, reject) => {
    announce = resolve;
    refuse = reject;
  });
  const model = train(platform, data, options, {
    onData: announce,
    onIteration: (iteration) => log.add(iteration),
  });
  model.then(
    () => log.close(),
    (error: unknown) => {
      refuse(error);
      log.close({ error });
    },
  );
  // Who never looks at the summary must not be told that it failed: the model's promise tells.
  summary.catch(() => {});
  return Object.assign(model, {
    data: summary,
    [Symbol.asyncIterator](): AsyncIterator<Iteration> {
      // The iterator tells of a failure; the promise then need not be awaited as well.
      model.catch(() => {});
      return log.iterate();
    },
  });
}
