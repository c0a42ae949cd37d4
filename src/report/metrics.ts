import type { ClassLabel } from '../data/class-labels.ts';
import { largestIndices } from '../model/classifier.ts';
import type { ProblemDescription } from '../model/problem-description.ts';
import { crossEntropy } from '../problem/cross-entropy.ts';
import { hinge } from '../problem/hinge.ts';

/**
 * How a model does on labelled rows. Sums are weighted where weights are given; `rows` and `unseenRows`
 * count.
 */
export interface Metrics {
  readonly rows: number;
  /** Rows whose label is no class of the model. They count as errors, and have no loss. */
  readonly unseenRows: number;
  /** Part of the rows whose class is predicted. */
  readonly accuracy: number;
  /** The accuracy of always naming the class that is most frequent in these rows. */
  readonly majorityAccuracy: number;
  /** Mean recall of the classes that occur in these rows, an unseen label being a class never recalled. */
  readonly balancedAccuracy: number;
  /** Mean F1 of the classes that occur or are predicted. */
  readonly macroF1: number;
  /** Mean −log p of the true class (natural logarithm) over rows with a known class; null for a hinge model. */
  readonly logLoss: number | null;
  /** Mean hinge over rows with a known class; null for a softmax model. */
  readonly hingeLoss: number | null;
  readonly perClass: readonly ClassMetrics[];
  /** nClasses × nClasses: rows of the true class, columns of the predicted one; without unseen labels. */
  readonly confusion: readonly (readonly number[])[];
}

export interface ClassMetrics {
  readonly label: ClassLabel;
  /** Weight of the rows of this class. */
  readonly support: number;
  /** Of the rows predicted as this class, the part that is; null where none is predicted. */
  readonly precision: number | null;
  /** Of the rows of this class, the part that is predicted so; null where there are none. */
  readonly recall: number | null;
  /** 2 · hits / (predicted + support); null where the class neither occurs nor is predicted. */
  readonly f1: number | null;
}

/** Collects batches of scores and labels, and tells the metrics of all of them. */
export interface MetricsCollector {
  /**
   * Adds rows: `scores` as of Classifier.scores (nRows × nClasses), `y` their class indices (−1: a label
   * that is no class of the model), `weights` ≥ 0. Throws RangeError where lengths do not match.
   */
  add(scores: Float64Array, y: ArrayLike<number>, weights?: ArrayLike<number> | null): void;
  /** The metrics so far. Throws RangeError before any row of positive weight was added. */
  metrics(): Metrics;
}

/** Starts collecting for a model; any Classifier will do. */
export function collectMetrics(model: {
  readonly classes: readonly ClassLabel[];
  readonly problem: Pick<ProblemDescription, 'loss' | 'margin'>;
}): MetricsCollector {
  const { classes, problem } = model;
  const K = classes.length;
  const softmaxModel = problem.loss === 'softmax';
  /** (K + 1) rows: the last one takes unseen labels. */
  const counts = new Float64Array((K + 1) * K);
  let rows = 0;
  let unseenRows = 0;
  let lossSum = 0;
  let knownWeight = 0;

  return {
    add(scores, y, weights = null) {
      if (scores.length !== y.length * K) {
        throw new RangeError(`"scores" expected ${y.length} × ${K} numbers, got ${scores.length}`);
      }
      if (weights !== null && weights.length !== y.length) {
        throw new RangeError(`"weights" expected ${y.length} numbers, got ${weights.length}`);
      }
      const predicted = largestIndices(scores, K);
      // One row's scores, copied: a view of each row costs more than all that is done with it.
      const row = new Float64Array(K);
      for (let i = 0; i < y.length; i++) {
        const label = y[i];
        if (!Number.isInteger(label) || label < -1 || label >= K) {
          throw new RangeError(`"y[${i}]" expected a class index -1 … ${K - 1}, got ${label}`);
        }
        const v = weights === null ? 1 : weights[i];
        counts[(label < 0 ? K : label) * K + predicted[i]] += v;
        rows++;
        if (label < 0) {
          unseenRows++;
          continue;
        }
        for (let k = 0; k < K; k++) row[k] = scores[i * K + k];
        lossSum += v * (softmaxModel ? crossEntropy(row, label) : hinge(row, label, problem.margin ?? 1));
        knownWeight += v;
      }
    },
    metrics: () =>
      summarize({ classes, counts, rows, unseenRows, loss: lossSum / knownWeight, softmaxModel }),
  };
}

interface Counts {
  readonly classes: readonly ClassLabel[];
  readonly counts: Float64Array;
  readonly rows: number;
  readonly unseenRows: number;
  readonly loss: number;
  readonly softmaxModel: boolean;
}

function summarize({ classes, counts, rows, unseenRows, loss, softmaxModel }: Counts): Metrics {
  const K = classes.length;
  const confusion = classes.map((_, k) => Array.from(counts.subarray(k * K, (k + 1) * K)));
  const unseen = sum(counts.subarray(K * K));
  const perClass = classes.map((label, k) => classMetrics(label, confusion, counts, k));
  const total = perClass.reduce((weight, { support }) => weight + support, unseen);
  if (!(total > 0)) throw new RangeError('metrics need at least one row of positive weight');
  const recalls = perClass.flatMap(({ recall }) => (recall === null ? [] : [recall]));
  if (unseen > 0) recalls.push(0);
  const f1s = perClass.flatMap(({ f1 }) => (f1 === null ? [] : [f1]));
  const lossOrNull = Number.isNaN(loss) ? null : loss;
  return {
    rows,
    unseenRows,
    accuracy: confusion.reduce((hits, row, k) => hits + row[k], 0) / total,
    majorityAccuracy: Math.max(...perClass.map(({ support }) => support)) / total,
    balancedAccuracy: mean(recalls),
    macroF1: mean(f1s),
    logLoss: softmaxModel ? lossOrNull : null,
    hingeLoss: softmaxModel ? null : lossOrNull,
    perClass,
    confusion,
  };
}

function classMetrics(
  label: ClassLabel,
  confusion: readonly (readonly number[])[],
  counts: Float64Array,
  k: number,
): ClassMetrics {
  const K = confusion.length;
  const hits = confusion[k][k];
  const support = sum(confusion[k]);
  // The row of unseen labels counts here too: to name a class for them is to name it wrongly.
  let predicted = 0;
  for (let row = 0; row <= K; row++) predicted += counts[row * K + k];
  return {
    label,
    support,
    precision: predicted > 0 ? hits / predicted : null,
    recall: support > 0 ? hits / support : null,
    f1: predicted + support > 0 ? (2 * hits) / (predicted + support) : null,
  };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
