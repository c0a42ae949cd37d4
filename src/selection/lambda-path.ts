import type { TrainingData } from '../data/training-data.ts';
import { expectNumber, UnsupportedError } from '../errors.ts';
import type { Classifier } from '../model/classifier.ts';
import { eventLoopTurns } from '../model/event-loop-turns.ts';
import { dataSource, type FitData } from '../model/fit-data.ts';
import type { FitOptions } from '../model/options.ts';
import { placeOn, pose } from '../model/posed-problem.ts';
import { type ResolvedFitOptions, resolveFitOptions } from '../model/resolve-options.ts';
import { trainedClassifier } from '../model/trained-classifier.ts';
import { trainingPlace } from '../model/training-place.ts';
import { listPresentFeatures } from '../problem/present-features.ts';
import { runtimeOn } from '../runtime/create-runtime.ts';
import { mayLead } from '../runtime/leading-runtime.ts';
import type { Platform } from '../runtime/platform.ts';
import { discardWorkbench, returnWorkbench, takeWorkbench } from '../runtime/workbench.ts';
import { certifiedPath } from '../solvers/certified-path.ts';
import { pathLambdas } from '../solvers/path-lambdas.ts';
import type { Solution, Status } from '../solvers/solver.ts';

/** As in FitOptions, unless said otherwise. */
export interface LambdaPathOptions
  extends Pick<
    FitOptions,
    | 'loss'
    | 'beta'
    | 'intercept'
    | 'standardize'
    | 'classWeight'
    | 'maxIterations'
    | 'maxSeconds'
    | 'threads'
    | 'signal'
    | 'onIteration'
  > {
  /** Default 'l1'. */
  readonly penalty?: 'l1' | 'elastic-net';
  /** The relative gap at which a λ is left for the next. Default 1e-5. */
  readonly tolerance?: number;
  /** How many λs, at even distances of their logarithms, from the least at which W = 0. Default 100. */
  readonly nLambdas?: number;
  /** The last λ as a part of the first, below 1. Default 1e-4; 1e-2 unless there are more samples than features. */
  readonly lambdaMinRatio?: number;
  /** The λs themselves, each > 0 and below the one before; instead of nLambdas and lambdaMinRatio. */
  readonly lambdas?: ArrayLike<number>;
}

/** Models of the same data, one for each λ. */
export interface LambdaPath {
  /** Falling. */
  readonly lambdas: readonly number[];
  /** One for each of `lambdas`, with a certificate each; their iterations and passes count from the path's begin. */
  readonly models: readonly Classifier[];
  /** complete, or what ended the path early; λs that were not finished are left out. */
  readonly status: 'complete' | Extract<Status, 'aborted' | 'max-iterations' | 'max-seconds'>;
}

/**
 * Of a model with weights for at most this part of the features only those are kept until it is asked for all: a hundred
 * models of 10 000 features and 4 classes would take 32 MB.
 */
const FEW = 1 / 4;

/** The entries' `fitPath`, on a platform. Runs on the calling thread, in slices; other threads take their shards. */
export async function fitPathOn(
  platform: Platform,
  data: FitData,
  options: LambdaPathOptions = {},
): Promise<LambdaPath> {
  const began = performance.now();
  const source = dataSource(data);
  const resolved = resolve(options, source.sparse);
  const { tolerance, maxIterations, maxSeconds, seed, signal, onIteration } = resolved.fit;
  const bench = await takeWorkbench(platform);
  const mark = bench.arena.mark();
  let writing = false;
  try {
    const training = await placeOn(platform, bench, source, resolved.fit);
    const { problem, layout } = pose(bench.arena, training, resolved.fit);
    const runtime = await runtimeOn(platform, bench, pathThreads(platform, training, resolved.fit.threads));
    writing = runtime.threads > 1;
    const few = new Uint32Array(FEW * layout.nFeatures);
    const models: Classifier[] = [];
    const lambdas: number[] = [];
    let status: LambdaPath['status'] = 'complete';
    try {
      const turn = eventLoopTurns();
      const steps = certifiedPath(runtime, problem, resolved.lambdas(training), {
        tolerance,
        maxIterations,
        maxSeconds,
        seed,
        clock: () => (performance.now() - began) / 1000,
        aborted: () => signal?.aborted === true,
      });
      for (const step of steps) {
        if (step.kind === 'iteration') onIteration?.(step.iteration);
        else if (isCutOff(step.solution)) status = step.solution.status;
        else {
          const description = { ...resolved.fit.problem, lambda: step.lambda };
          const asked = { problem: description, tolerance };
          const { theta, features } = step.solution;
          const nPresent = listPresentFeatures(layout, theta, few, features);
          const present = nPresent === null ? null : few.slice(0, nPresent);
          models.push(trainedClassifier(runtime, training, asked, layout, step.solution, present));
          lambdas.push(step.lambda);
        }
        const due = turn();
        if (due !== null) await due;
      }
    } finally {
      runtime.close();
    }
    writing = false;
    return { lambdas, models, status };
  } finally {
    if (writing) discardWorkbench(bench);
    else returnWorkbench(bench, mark);
  }
}

type CutOff = Solution & { readonly status: Exclude<LambdaPath['status'], 'complete'> };

function isCutOff(solution: Solution): solution is CutOff {
  return ['aborted', 'max-iterations', 'max-seconds'].includes(solution.status);
}

interface ResolvedPath {
  readonly fit: ResolvedFitOptions;
  lambdas(training: TrainingData): (start: { readonly largest: number }) => Iterable<number>;
}

const DEFAULT_TOLERANCE = 1e-5;
const DEFAULT_COUNT = 100;

function resolve(options: LambdaPathOptions, sparse: boolean): ResolvedPath {
  if (typeof options !== 'object' || options === null) throw new TypeError('"options" expected an object');
  const { nLambdas = DEFAULT_COUNT, lambdaMinRatio, lambdas, ...rest } = options;
  const penalty = rest.penalty ?? 'l1';
  if ('lambda' in rest)
    throw new UnsupportedError('a path has no "lambda"; possible are lambdas, or nLambdas');
  if ('warmStart' in rest || 'solver' in rest || 'seed' in rest) {
    throw new UnsupportedError('a path has no "warmStart", "solver" or "seed"; possible are those of fit');
  }
  const fit = resolveFitOptions({ tolerance: DEFAULT_TOLERANCE, ...rest, penalty, lambda: 1 }, { sparse });
  const { loss, dropout } = fit.problem;
  if (loss !== 'softmax' || dropout > 0 || !['l1', 'elastic-net'].includes(penalty)) {
    throw new UnsupportedError(
      `a path of loss ${loss} with penalty ${penalty}${dropout > 0 ? ' and dropout' : ''} is not known; ` +
        'possible are loss softmax with penalty l1 or elastic-net, without dropout',
    );
  }
  expectNumber('nLambdas', nLambdas, 'a whole number >= 1', (count) => Number.isInteger(count) && count >= 1);
  if (lambdaMinRatio !== undefined) {
    expectNumber('lambdaMinRatio', lambdaMinRatio, 'a number > 0 and < 1', (ratio) => ratio > 0 && ratio < 1);
  }
  if (lambdas !== undefined) {
    if (options.nLambdas !== undefined || lambdaMinRatio !== undefined) {
      throw new UnsupportedError(
        '"lambdas" stand instead of "nLambdas" and "lambdaMinRatio", not beside them',
      );
    }
    const given = falling(lambdas);
    return { fit, lambdas: () => () => given };
  }
  return {
    fit,
    lambdas: ({ matrix }) => {
      const ratio = lambdaMinRatio ?? (matrix.nSamples > matrix.nFeatures ? 1e-4 : 1e-2);
      // Where no feature says anything, W = 0 is the model at any λ.
      return ({ largest }) => pathLambdas(largest > 0 ? largest : 1, ratio, nLambdas);
    },
  };
}

function falling(lambdas: ArrayLike<number>): readonly number[] {
  const given = Array.from(lambdas);
  given.forEach((lambda, i) => {
    expectNumber(`lambdas[${i}]`, lambda, 'a number > 0', (value) => value > 0);
    if (i > 0 && !(lambda < given[i - 1])) {
      throw new RangeError(
        `"lambdas[${i}]" expected a number below ${given[i - 1]}, the one before, got ${lambda}`,
      );
    }
  });
  return given;
}

function pathThreads(platform: Platform, { matrix, classes }: TrainingData, threads: number | null): number {
  const place = trainingPlace(platform, matrix, classes.length, threads);
  return mayLead(platform) ? place.threads : 1;
}
