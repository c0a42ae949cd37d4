import type { TrainingSet } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';
import { featureRanges } from './feature-ranges.ts';
import type { ParameterLayout } from './parameters.ts';
import { rowScores } from './row-scores.ts';

/** Differences of scores of so many classes are all tried; of more, only each class against the mean. */
const ALL_PAIRS = 12;
/** Scores are sums of rounded products: what separates must do so by more than this part of their size. */
const ROUNDING = 1e-10;

/**
 * A proof, where θ gives one, that softmax without a penalty has no finite optimum on these samples: a
 * direction along which no sample's loss rises and some sample's falls for ever.
 *
 * Tried are: θ itself (every sample strictly on its side: all classes separate); along s_k − mean s and s_k − s_j
 * a cut with whole classes on either side; the same for the change of θ since the last call, since iterates
 * run off in such a direction; and, once, each single feature, where samples may also lie on the cut (a
 * category that occurs in one class only). Returns the classes that a cut isolates, or the smaller side of a cut
 * between groups; empty where nothing is proved, which does not prove the contrary.
 */
export function separabilityTest(
  arena: Arena,
  trainingSet: TrainingSet,
  layout: ParameterLayout,
  intercept: boolean,
): (theta: Float64Array) => readonly number[] {
  const { nClasses: K, matrix } = trainingSet;
  const n = matrix.nSamples;
  const labels = arena.u32(trainingSet.labels, n);
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const scan = rowScores(arena, matrix, layout);
  const directions = scoreDirections(K);
  let byFeature: readonly number[] | null = null;
  let previous: Float64Array | null = null;

  function separatedBy(theta: Float64Array): readonly number[] {
    const min = new Float64Array(directions.length * K).fill(Number.POSITIVE_INFINITY);
    const max = new Float64Array(directions.length * K).fill(Number.NEGATIVE_INFINITY);
    let largest = 0;
    let smallestMargin = Number.POSITIVE_INFINITY;
    scan(theta, (i, scores) => {
      if (weights !== null && !(weights[i] > 0)) return;
      const y = labels[i];
      let mean = 0;
      for (let k = 0; k < K; k++) {
        mean += scores[k] / K;
        largest = Math.max(largest, Math.abs(scores[k]));
        if (k !== y) smallestMargin = Math.min(smallestMargin, scores[y] - scores[k]);
      }
      for (let c = 0; c < directions.length; c++) {
        const { of, against } = directions[c];
        const value = scores[of] - (against === null ? mean : scores[against]);
        if (value < min[c * K + y]) min[c * K + y] = value;
        if (value > max[c * K + y]) max[c * K + y] = value;
      }
    });
    const slack = ROUNDING * largest;
    if (smallestMargin > slack) return Array.from({ length: K }, (_, k) => k);
    const rules = { through0: !intercept, strictly: slack };
    return separatedByRanges(min, max, K, rules);
  }

  return (theta) => {
    byFeature ??= separatedByFeature(arena, trainingSet, intercept);
    if (byFeature.length > 0) return byFeature;
    const separated = separatedBy(theta);
    if (separated.length > 0) return separated;
    const change = theta.slice();
    if (previous !== null) for (let i = 0; i < change.length; i++) change[i] -= previous[i];
    const moved = previous !== null;
    previous = theta.slice();
    return moved ? separatedBy(change) : [];
  };
}

interface ScoreDirection {
  readonly of: number;
  /** null: the mean of all scores */
  readonly against: number | null;
}

function scoreDirections(K: number): ScoreDirection[] {
  const directions: ScoreDirection[] = Array.from({ length: K }, (_, of) => ({ of, against: null }));
  if (K <= ALL_PAIRS)
    for (let of = 0; of < K; of++)
      for (let against = 0; against < of; against++) directions.push({ of, against });
  return directions;
}

function separatedByFeature(arena: Arena, trainingSet: TrainingSet, intercept: boolean): readonly number[] {
  const { min, max } = featureRanges(arena, trainingSet);
  return separatedByRanges(min, max, trainingSet.nClasses, { through0: !intercept, strictly: null });
}

interface CutRules {
  /** Only cuts at 0 count: there is no intercept to move them. */
  readonly through0: boolean;
  /** The least distance of the two sides; null: samples may lie on the cut, as long as not all do. */
  readonly strictly: number | null;
}

/** Cuts between the classes' ranges along several directions, [direction · K + class]. */
function separatedByRanges(
  min: Float64Array,
  max: Float64Array,
  K: number,
  rules: CutRules,
): readonly number[] {
  const isolated = new Set<number>();
  let group: readonly number[] = [];
  for (let start = 0; start < min.length; start += K) {
    const present = Array.from({ length: K }, (_, k) => k).filter((k) => min[start + k] <= max[start + k]);
    present.sort((a, b) => min[start + a] - min[start + b] || max[start + a] - max[start + b]);
    let below = Number.NEGATIVE_INFINITY;
    for (let cut = 1; cut < present.length; cut++) {
      below = Math.max(below, max[start + present[cut - 1]]);
      const above = min[start + present[cut]];
      const lowest = min[start + present[0]];
      const highest = Math.max(...present.slice(cut).map((k) => max[start + k]));
      if (!isCut({ lowest, below, above, highest }, rules)) continue;
      const sides = [present.slice(0, cut), present.slice(cut)];
      for (const side of sides) {
        if (side.length === 1) isolated.add(side[0]);
        else if (group.length === 0 || side.length < group.length) group = side;
      }
    }
  }
  const result = isolated.size > 0 ? [...isolated] : [...group];
  return result.sort((a, b) => a - b);
}

interface CutRange {
  readonly lowest: number;
  readonly below: number;
  readonly above: number;
  readonly highest: number;
}

function isCut({ lowest, below, above, highest }: CutRange, { through0, strictly }: CutRules): boolean {
  if (through0 && !(below <= 0 && above >= 0)) return false;
  return strictly === null ? below <= above && lowest < highest : above - below > strictly;
}
