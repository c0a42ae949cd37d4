import type { ClassLabel } from '../data/class-labels.ts';
import type { Encoding } from '../data/encoding.ts';
import { UnsupportedError } from '../errors.ts';
import { exp } from '../problem/elementary.ts';
import { scoringBench } from '../runtime/workbench.ts';
import type { Status } from '../solvers/solver.ts';
import {
  type ClassifierParts,
  type ClassifierState,
  type ModelCertificate,
  spreadOut,
} from './classifier-state.ts';
import { type CheckedRows, type FeatureRows, featureRows } from './feature-rows.ts';
import { KERNEL_ROWS, kernelProbabilities, kernelScores } from './kernel-scores.ts';
import { denseScores, type LinearWeights, sparseScores, transpose } from './linear-scores.ts';
import { type ModelJson, toModelJson } from './model-json.ts';
import type { ProblemDescription } from './problem-description.ts';

/**
 * A trained linear classifier: scores s = Wx + b in double precision, the class with the largest score
 * (of equal ones the first), probabilities by softmax.
 *
 * `X` has the model's features in original units, as an array of rows, as typed arrays (dense or CSR) or as
 * an encoded batch of a table. A row's result does not depend on the rows around it, bit for bit. Errors:
 * ModelError for another number of features; TypeError and RangeError for what is no matrix of finite
 * numbers, with its place.
 */
export class Classifier implements ClassifierState {
  readonly classes: readonly ClassLabel[];
  readonly encoding: Encoding | null;
  readonly featureNames: readonly string[] | null;
  readonly nFeatures: number;
  readonly weights!: Float64Array;
  readonly intercepts: Float64Array;
  readonly problem: ProblemDescription;
  readonly status: Status;
  readonly solver: string;
  readonly objective: number;
  readonly certificate: ModelCertificate | null;
  readonly stationarity: number;
  readonly iterations: number;
  readonly passes: number;
  readonly separatedClasses: readonly ClassLabel[];
  #byFeature: Float64Array | null = null;

  constructor(state: ClassifierParts) {
    this.classes = state.classes;
    this.encoding = state.encoding;
    this.featureNames = state.featureNames;
    this.nFeatures = state.nFeatures;
    this.intercepts = state.intercepts;
    this.problem = state.problem;
    this.status = state.status;
    this.solver = state.solver;
    this.objective = state.objective;
    this.certificate = state.certificate;
    this.stationarity = state.stationarity;
    this.iterations = state.iterations;
    this.passes = state.passes;
    this.separatedClasses = state.separatedClasses;
    const { weights } = state;
    const { nClasses, nFeatures } = this;
    if (weights instanceof Float64Array) {
      this.weights = weights;
      expectShape('weights', weights.length, nClasses * nFeatures);
    } else {
      expectShape('weights', weights.values.length, nClasses * weights.features.length);
      lazily(this, 'weights', () => spreadOut(weights, nClasses, nFeatures));
    }
    expectShape('intercepts', this.intercepts.length, this.nClasses);
    expectShape('featureNames', this.featureNames?.length ?? this.nFeatures, this.nFeatures);
  }

  get nClasses(): number {
    return this.classes.length;
  }

  /** Wx + b for each row: nSamples × nClasses, row-major, classes in the order of `classes`. */
  scores(X: FeatureRows): Float64Array {
    const rows = featureRows(X, this.nFeatures);
    const out = new Float64Array(rows.nRows * this.nClasses);
    const bench = rows.dense !== null && rows.nRows >= KERNEL_ROWS ? scoringBench() : null;
    if (rows.dense !== null && bench !== null) {
      const mark = bench.arena.mark();
      try {
        kernelScores(bench, this.#linear(), rows.dense, rows.nRows, out);
      } finally {
        bench.arena.release(mark);
      }
    } else {
      rows.checkValues();
      this.#plainScores(rows, out);
    }
    for (let t = 0; t < out.length; t++) {
      if (!Number.isFinite(out[t])) {
        rows.checkValues();
        throw new ScoreOverflow(Math.floor(t / this.nClasses));
      }
    }
    return out;
  }

  /**
   * softmax(Wx + b) for each row: nSamples × nClasses, row-major, each row sums to 1. Throws
   * UnsupportedError for a hinge model, whose scores are no log-probabilities.
   */
  predictProbabilities(X: FeatureRows): Float64Array {
    if (this.problem.loss !== 'softmax') {
      throw new UnsupportedError(
        `a ${this.problem.loss} model has no probabilities; possible are predict and scores, or a model trained with loss softmax`,
      );
    }
    return softmaxRows(this.scores(X), this.nClasses);
  }

  /** The class of each row. */
  predict(X: FeatureRows): ClassLabel[] {
    return Array.from(this.predictIndices(X), (k) => this.classes[k]);
  }

  /** The class of each row as an index into `classes`. */
  predictIndices(X: FeatureRows): Uint32Array {
    return largestIndices(this.scores(X), this.nClasses);
  }

  /** The model file's content: what JSON.stringify(model) writes and `loadModel` reads. */
  toJSON(): ModelJson {
    return toModelJson(this);
  }

  #plainScores({ batches }: CheckedRows, out: Float64Array): void {
    const linear = this.#linear();
    let at = 0;
    for (const batch of batches()) {
      if (batch.kind === 'dense') denseScores(linear, batch, out, at);
      else sparseScores(linear, batch, out, at);
      at += batch.nRows * this.nClasses;
    }
  }

  #linear(): LinearWeights {
    const { nClasses, nFeatures, weights, intercepts } = this;
    const byFeature = () => {
      this.#byFeature ??= transpose(weights, nClasses, nFeatures);
      return this.#byFeature;
    };
    return { nClasses, nFeatures, weights, intercepts, byFeature };
  }
}

/** A row of finite numbers whose scores are none. */
export class ScoreOverflow extends RangeError {
  /** Index in "X", from 0. */
  readonly row: number;

  constructor(row: number) {
    super(`row ${row} of "X" (from 0) is so large that its scores overflow`);
    this.row = row;
  }
}

/** For each row of `scores` (rows × nClasses) the index of the largest; of equal ones the first. */
export function largestIndices(scores: Float64Array, nClasses: number): Uint32Array {
  const nRows = nClasses === 0 ? 0 : scores.length / nClasses;
  const indices = new Uint32Array(nRows);
  for (let i = 0; i < nRows; i++) indices[i] = indexOfLargest(scores, i * nClasses, nClasses);
  return indices;
}

/** Finite scores (rows × nClasses) → probabilities, in place. */
export function softmaxRows(scores: Float64Array, nClasses: number): Float64Array {
  const bench = scores.length >= KERNEL_ROWS * nClasses ? scoringBench() : null;
  if (bench !== null) kernelProbabilities(bench, scores, nClasses);
  else plainSoftmaxRows(scores, nClasses);
  return scores;
}

/** The same without kernels. */
export function plainSoftmaxRows(scores: Float64Array, nClasses: number): void {
  for (let at = 0; at < scores.length; at += nClasses) {
    const top = scores[at + indexOfLargest(scores, at, nClasses)];
    let sum = 0;
    for (let k = at; k < at + nClasses; k++) {
      const e = exp(scores[k] - top);
      scores[k] = e;
      sum += e;
    }
    for (let k = at; k < at + nClasses; k++) scores[k] /= sum;
  }
}

function indexOfLargest(scores: Float64Array, begin: number, length: number): number {
  let best = 0;
  for (let k = 1; k < length; k++) if (scores[begin + k] > scores[begin + best]) best = k;
  return best;
}

/** A property that `make` gives its value when it is first read, of a frozen object too. */
function lazily<T>(object: object, name: string, make: () => T): void {
  let value: T | null = null;
  const get = () => {
    value ??= make();
    return value;
  };
  Object.defineProperty(object, name, { get, enumerable: true, configurable: true });
}

function expectShape(name: string, got: number, expected: number): void {
  if (got !== expected) throw new RangeError(`"${name}" expected length ${expected}, got ${got}`);
}
