import type { SolverOptions, SolverRun } from './solver.ts';

/** Runs one after the other that are reported as one: iterations are numbered through, passes added up. */
export class Stages {
  iterations = 0;
  /** Passes over all of the data; what else a stage costs may be added. */
  passes = 0;
  readonly #options: SolverOptions;

  constructor(options: SolverOptions) {
    this.#options = options;
  }

  /** The options with the iterations that are left. */
  rest(): SolverOptions {
    const left = this.#options.maxIterations - this.iterations;
    return { ...this.#options, maxIterations: Math.max(0, left) };
  }

  /** `run`, each of whose passes is `share` of one over all of the data. */
  *run(run: SolverRun, share: number): SolverRun {
    let step = run.next();
    while (!step.done) {
      this.iterations++;
      const passes = this.passes + step.value.passes * share;
      yield { ...step.value, iteration: this.iterations, passes };
      step = run.next();
    }
    this.passes += step.value.passes * share;
    return step.value;
  }
}

/** A bound on the least over a part of the rows or columns is none on that over all. */
export function* unproved(run: SolverRun): SolverRun {
  let step = run.next();
  for (; !step.done; step = run.next()) yield { ...step.value, lowerBound: null, relativeGap: null };
  return step.value;
}
