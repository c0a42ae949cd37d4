import { log } from '../problem/elementary.ts';

/**
 * Takes a relative gap of a dual ascent and the passes that led to it, again and again; true where the passes still to
 * come are likely more than the budget.
 */
export type DualPace = (passes: number, gap: number) => boolean;

/**
 * While P / D is large P / D − 1 falls as 1 / passes: of 30 random shapes where it was above 2 after eight passes, the dual
 * then took 3.0 times it and the passes so far to a gap of 1e-3 in the median, 7.6 times at most.
 */
const STEADY = 4;
/**
 * A fall by this power of the passes or a higher one is taken for an exponential one, with so many times the passes that it
 * would take at its present rate. Between four and eight passes the power was 0.8 to 1.6 on noisy labels, 1.0 in the median,
 * and 1.5 to 5.0 on classes far apart, 4.7 in the median.
 */
const STEEP = 1.5;
const SLOWING = 1.5;
/**
 * With such a power while P / D − 1 is above 1 classes are far apart, and the dual has so many times the budget from then on:
 * smoothing hardly ends there. After four passes over 2 000 rows of 22 such shapes the dual was the faster one on the 13 of
 * 2.9 and more, and on one of the 9 below.
 */
const FAR_APART = 2.8;
const FAR_BUDGET = 8;

/**
 * Judges by P / D − 1 = gap / (1 − gap), for the objective P and the dual value D: by STEADY, or where its fall since half
 * of the passes is steep by the like fall to come. No judgement before `fewestPasses`, nor by one gap alone.
 */
export function dualPace(budget: number, tolerance: number, fewestPasses: number): DualPace {
  const seen: { readonly passes: number; readonly excess: number }[] = [];
  let half = 0;
  let limit = budget;

  function passesToCome(passes: number, excess: number): number {
    const steady = STEADY * passes * excess;
    const before = seen[half];
    const fall = log(before.excess / excess);
    const power = fall / log(passes / before.passes);
    if (power >= FAR_APART && excess > 1) limit = FAR_BUDGET * budget;
    if (!(power >= STEEP)) return steady;
    return Math.min(steady, (SLOWING * log(excess / tolerance) * (passes - before.passes)) / fall);
  }

  return (passes, gap) => {
    const excess = gap < 1 ? gap / (1 - gap) : Number.MAX_VALUE;
    seen.push({ passes, excess });
    if (passes < fewestPasses || seen.length < 2) return false;
    while (seen[half + 1].passes <= passes / 2) half++;
    return passesToCome(passes, excess) > limit;
  };
}
