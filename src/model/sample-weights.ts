import type { ClassLabel } from '../data/class-labels.ts';
import type { FitOptions } from './options.ts';

/**
 * The weight of each sample in the mean loss: its own times its class's, scaled to mean 1; null where all
 * are 1. 'balanced' gives the classes equal sums: Σ v / (K · Σ v of the class).
 *
 * Throws a RangeError for a class weight whose class is not in the data, and for weights so extreme that their
 * products or their sum leave double precision.
 */
export function combinedWeights(
  labels: Uint32Array,
  classes: readonly ClassLabel[],
  sampleWeights: Float64Array | null,
  classWeight: FitOptions['classWeight'] | null,
): Float64Array | null {
  const byClass = classWeight === null || classWeight === undefined ? null : weightsOf(classWeight);
  if (sampleWeights === null && byClass === null) return null;
  const combined = new Float64Array(labels.length);
  const unit = unitOf(sampleWeights);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    combined[i] = (sampleWeights === null ? 1 : sampleWeights[i] * unit) * (byClass?.[labels[i]] ?? 1);
    sum += combined[i];
  }
  const factor = labels.length / sum;
  if (!(factor > 0 && factor < Number.POSITIVE_INFINITY)) {
    throw new RangeError('"sampleWeight" times "classWeight" expected a positive, finite sum');
  }
  let allOne = true;
  for (let i = 0; i < combined.length; i++) {
    combined[i] *= factor;
    allOne &&= combined[i] === 1;
  }
  return allOne ? null : combined;

  function weightsOf(given: NonNullable<FitOptions['classWeight']>): Float64Array {
    return given === 'balanced'
      ? balancedWeights(labels, classes.length, sampleWeights)
      : namedWeights(classes, given);
  }
}

/** A power of 2 that takes weights away from the ends of double precision where they are near; 1 for others. */
function unitOf(sampleWeights: Float64Array | null): number {
  const largest = sampleWeights?.reduce((a, b) => Math.max(a, b), 0) ?? 1;
  if (largest > 2 ** 500) return 2 ** -500;
  return largest < 2 ** -500 ? 2 ** 500 : 1;
}

function balancedWeights(labels: Uint32Array, nClasses: number, sampleWeights: Float64Array | null) {
  const sums = new Float64Array(nClasses);
  for (let i = 0; i < labels.length; i++) sums[labels[i]] += sampleWeights?.[i] ?? 1;
  const total = sums.reduce((a, b) => a + b, 0);
  // A class of weight 0 stays so, whatever its factor.
  return sums.map((sum) => (sum > 0 ? total / (nClasses * sum) : 1));
}

function namedWeights(
  classes: readonly ClassLabel[],
  given: Exclude<NonNullable<FitOptions['classWeight']>, 'balanced'>,
): Float64Array {
  const entries: [ClassLabel, number][] = given instanceof Map ? [...given] : Object.entries(given);
  const weights = new Float64Array(classes.length).fill(1);
  for (const [label, weight] of entries) {
    // An object's keys are texts, whatever the labels are.
    const k = classes.findIndex((name) => String(name) === String(label));
    if (k < 0) {
      throw new RangeError(
        `"classWeight" expected classes of the data (${classes.slice(0, 12).join(', ')}${classes.length > 12 ? ', …' : ''}), got "${label}"`,
      );
    }
    weights[k] = weight;
  }
  return weights;
}
