import { RANDOM_STREAM, randomSequence, shuffle } from '../data/random.ts';
import { minimumNormSubgradient, proxWeight } from '../problem/penalties.ts';
import type { Problem } from '../problem/problem.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type DropoutRows, dropoutRows } from './dropout-rows.ts';
import {
  type Iteration,
  limitReached,
  type Solution,
  type SolverOptions,
  type SolverRun,
  type Status,
} from './solver.ts';

export const STOCHASTIC = 'stochastic';

/** Needed for dropout, where each pass sees other masks. Any loss with any penalty. */
export function supportsStochastic({ dropout, trainingSet }: Problem): boolean {
  return dropout > 0 && !(trainingSet.matrix.kind === 'sparse' && trainingSet.matrix.center !== 0);
}

/**
 * Minimizes E_masks[ (1/n) Σ vᵢ ℓ(W x̃ᵢ + b, yᵢ) ] + ridge · Σ W² + lasso · Σ |W|, x̃ = x under dropout, by
 * proximal stochastic gradient steps on minibatches in random order, each epoch under masks of its own.
 *
 * The steps are scaled by feature. They stay constant within a stage, and its iterates but the first quarter
 * are averaged (Polyak & Juditsky 1992); the next stage starts there, twice as long, its step shorter by √2.
 * What the masks' noise leaves of the objective falls like 1/epochs, so the gain of a doubled stage is about
 * what is left: converged means that it was below tolerance, relatively. A plateau, and no certificate.
 *
 * `objective` is estimated on masks that no step has seen, the same for every seed. `stationarity` is the
 * largest violation of the optimality conditions under those masks, their sampling noise included. Under
 * a lasso the last stage is followed by full proximal gradient steps, so that weights become exactly 0.
 */
export function* stochastic(
  { arena }: Pick<Runtime, 'arena'>,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const rows = dropoutRows(arena, problem.trainingSet, problem.loss, problem.dropout);
  const run = startRun(rows, problem, options);
  const { tolerance } = options;

  let best: Float64Array = Float64Array.from(theta);
  let objective = run.evaluate(best, COARSE_ROWS);
  let iterations = 0;
  let status: Status | null = null;
  const keep = (candidate: Float64Array, value: number) => {
    if (value >= objective) return false;
    objective = value;
    best = candidate;
    return true;
  };
  const report = (): Iteration => ({
    iteration: iterations,
    objective,
    lowerBound: null,
    relativeGap: null,
    seconds: options.clock(),
    passes: run.passes(),
  });
  const limit = () => limitReached(options, iterations);

  // The first step length: one epoch with each of a few, from long to short, until they do worse.
  const start = best;
  let step = FIRST_STEP;
  let bestStep = step;
  for (let tried = 0; tried < STEP_TRIALS; tried++) {
    status = limit();
    if (status !== null) break;
    const trial = start.slice();
    run.epoch(trial, step, null);
    iterations++;
    const value = run.evaluate(trial, COARSE_ROWS);
    if (keep(trial, value)) bestStep = step;
    else if (best !== start) break;
    yield report();
    step /= STEP_RATIO;
  }

  let length = FIRST_STAGE;
  step = bestStep;
  objective = run.evaluate(best, EVALUATION_ROWS);
  while (status === null) {
    const before = objective;
    const current = best.slice();
    const average = new Float64Array(current.length);
    let averaged = 0;
    for (let e = 0; e < length && status === null; e++) {
      const collect = e >= length / 4 ? average : null;
      averaged += run.epoch(current, step, collect);
      iterations++;
      yield report();
      status = limit();
    }
    const candidate = averaged > 0 ? average.map((sum) => sum / averaged) : current;
    keep(candidate, run.evaluate(candidate, EVALUATION_ROWS));
    if (
      status === null &&
      length >= SHORTEST_LAST_STAGE &&
      before - objective <= tolerance * Math.abs(objective)
    ) {
      status = 'converged';
    }
    length *= 2;
    step /= Math.SQRT2;
  }

  if (problem.penalty.lasso > 0 && status !== 'aborted' && status !== 'max-seconds') {
    best = run.sparsify(best, bestStep);
    objective = run.evaluate(best, EVALUATION_ROWS);
  }
  theta.set(best);
  return {
    status,
    solver: STOCHASTIC,
    theta,
    objective,
    lowerBound: null,
    relativeGap: null,
    stationarity: run.stationarity(best),
    iterations,
    passes: run.passes(),
  } satisfies Solution;
}

/** In units of the inverse curvature bound of a single feature; confident rows have far less curvature. */
const FIRST_STEP = 16;
const STEP_RATIO = 4;
/** Down to 16 / 4^9 = 6e-5, for some ten thousand strongly correlated features. */
const STEP_TRIALS = 10;
const FIRST_STAGE = 2;
/** A plateau between shorter stages may be luck. */
const SHORTEST_LAST_STAGE = 16;
/** Long enough that the update of all weights costs little, short enough for many steps in a small epoch. */
const SMALLEST_BATCH = 16;
const LARGEST_BATCH = 64;
const STEPS_PER_EPOCH = 32;
/** Rows under evaluation masks: the standard error is about 0.6 % of the spread of a row's loss. */
const EVALUATION_ROWS = 32768;
/** The first step lengths differ so much that few rows tell. */
const COARSE_ROWS = 8192;
const MOST_EVALUATION_PASSES = 256;
const SPARSIFYING_STEPS = 15;

interface Run {
  /** An epoch of steps on θ; adds the iterates to `average` and returns how many were added. */
  epoch(theta: Float64Array, step: number, average: Float64Array | null): number;
  /** The objective, estimated on the evaluation masks. */
  evaluate(theta: Float64Array, wantedRows: number): number;
  stationarity(theta: Float64Array): number;
  sparsify(theta: Float64Array, step: number): Float64Array;
  passes(): number;
}

function startRun(rows: DropoutRows, problem: Problem, options: SolverOptions): Run {
  const { layout, nSamples: n } = rows;
  const { nFeatures: d, stride, size } = layout;
  const { ridge, lasso } = problem.penalty;
  const gradient = new Float64Array(size);
  // Curvature bound of a coordinate: ½ E[x̃²] + 2 ridge (Böhning: the softmax Hessian is at most ½ I).
  const curvature = rows.secondMoments().map((moment) => 0.5 * moment + 2 * ridge);
  // A step touches all weights, a row only its entries: batches are long enough to keep that in proportion.
  const batch = Math.max(
    Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, Math.ceil(n / STEPS_PER_EPOCH))),
    Math.ceil(d / Math.max(1, rows.meanEntries)),
  );
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const random = randomSequence(options.seed, RANDOM_STREAM.shuffle);
  const passesFor = (wantedRows: number) => Math.min(MOST_EVALUATION_PASSES, Math.ceil(wantedRows / n));
  const evaluationPasses = passesFor(EVALUATION_ROWS);
  let epoch = 0;
  let passes = 0;

  function proximalStep(theta: Float64Array, scale: number, step: number) {
    for (let j = 0; j < d; j++) {
      if (curvature[j] === 0) continue;
      const length = step / curvature[j];
      for (let t = j * stride; t < j * stride + layout.nClasses; t++) {
        theta[t] = proxWeight(theta[t] - length * scale * gradient[t], length, ridge, lasso);
      }
    }
    if (!problem.intercept) return;
    for (let t = d * stride; t < d * stride + layout.nClasses; t++) {
      theta[t] -= 2 * step * scale * gradient[t];
    }
  }

  function penaltyValue(theta: Float64Array): number {
    let squares = 0;
    let absolutes = 0;
    for (let t = 0; t < d * stride; t++) {
      squares += theta[t] * theta[t];
      absolutes += Math.abs(theta[t]);
    }
    return ridge * squares + lasso * absolutes;
  }

  /** Mean loss over `count` passes of masks; its gradient is left in `gradient` where asked for. */
  function meanLoss(
    theta: Float64Array,
    source: { readonly seed: number; readonly stream: number; readonly first: number },
    count: number,
    withGradient: boolean,
  ): number {
    gradient.fill(0);
    let sum = 0;
    for (let m = 0; m < count; m++) {
      const masks = { seed: source.seed, stream: source.stream, epoch: source.first + m };
      sum += rows.lossSum(theta, { order: null, begin: 0, end: n }, masks, withGradient ? gradient : null);
    }
    passes += withGradient ? count : count / 2;
    if (withGradient) for (let t = 0; t < size; t++) gradient[t] /= n * count;
    return sum / (n * count);
  }

  const evaluation = { seed: 0, stream: RANDOM_STREAM.dropoutEvaluation, first: 0 };

  return {
    epoch(theta, step, average) {
      shuffle(order, random);
      const masks = { seed: options.seed, stream: RANDOM_STREAM.dropout, epoch };
      let steps = 0;
      for (let begin = 0; begin < n; begin += batch) {
        const end = Math.min(n, begin + batch);
        gradient.fill(0);
        rows.lossSum(theta, { order, begin, end }, masks, gradient);
        // The last batch of an epoch may be shorter: its step is shorter in proportion.
        proximalStep(theta, 1 / (end - begin), (step * (end - begin)) / batch);
        if (average !== null) for (let t = 0; t < size; t++) average[t] += theta[t];
        steps++;
      }
      epoch++;
      passes++;
      return average === null ? 0 : steps;
    },
    evaluate: (theta, wantedRows) =>
      meanLoss(theta, evaluation, passesFor(wantedRows), false) + penaltyValue(theta),
    stationarity(theta) {
      meanLoss(theta, evaluation, evaluationPasses, true);
      let largest = 0;
      for (let t = 0; t < d * stride; t++) {
        const slope = minimumNormSubgradient(theta[t], gradient[t] + 2 * ridge * theta[t], lasso);
        largest = Math.max(largest, Math.abs(slope));
      }
      if (problem.intercept) {
        for (let t = d * stride; t < size; t++) largest = Math.max(largest, Math.abs(gradient[t]));
      }
      return largest;
    },
    sparsify(start, firstStep) {
      const source = { seed: options.seed, stream: RANDOM_STREAM.dropout, first: epoch };
      let step = firstStep;
      let theta = start;
      let value = Number.POSITIVE_INFINITY;
      let previous = start;
      for (let s = 0; s <= SPARSIFYING_STEPS; s++) {
        const next = meanLoss(theta, source, evaluationPasses, true) + penaltyValue(theta);
        if (next > value) {
          theta = previous;
          step /= 2;
          continue;
        }
        value = next;
        previous = theta;
        theta = theta.slice();
        proximalStep(theta, 1, step);
      }
      epoch += evaluationPasses;
      return previous;
    },
    passes: () => passes,
  };
}
