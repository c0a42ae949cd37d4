import { log } from '../problem/elementary.ts';
import { convergenceRate } from './convergence-rate.ts';
import type { Preconditioner } from './preconditioner.ts';

/** The preconditioner is prepared anew when the gap has fallen to this part of what it was then … */
const RENEWAL = 0.1;
/** … unless it was below this: from there on the Hessian hardly changes. */
const SETTLED_GAP = 1e-2;

/**
 * A descent with an old preconditioner slows down: so many times the passes are left that its rate so far tells. 76 random
 * shapes of 5 to 90 features with 1, 2 and 3: 0.86, 0.88 and 0.87 of the time of preparing it whenever that is due, at worst
 * 1.34, 1.12 and 1.12; 40 of 91 to 220, against what was chosen before, 0.85, 0.89 and 0.87.
 */
const SLOWS = 1.5;

/** Where a descent stands. */
export interface Standing {
  readonly theta: Float64Array;
  readonly gap: number;
  /** The gap that it is after. */
  readonly target: number;
  readonly passes: number;
}

/** Prepares it where that is due and worth its price, by the gap and the length of the step before; whether it did. */
export function renewing(preconditioner: Preconditioner): (at: Standing, length?: number) => boolean {
  const { renewal = RENEWAL, settled = SETTLED_GAP, sufficient = 0, shortStep = 0 } = preconditioner;
  let prepared: Standing | null = null;
  let settledAt = preconditioner.settledAtStart ?? settled;
  let last = 0;
  let rate = convergenceRate();
  /** What it would have cost when that was looked up since it was prepared. */
  let price = 0;

  /** Prepares it unless that costs more passes than are left without. */
  function isWorthIt(at: Standing, before: Standing): boolean {
    const { prepareWithin } = preconditioner;
    if (prepareWithin === undefined) {
      preconditioner.prepare(at.theta);
      return true;
    }
    const worth = SLOWS * (rate.passesLeft(at.target) ?? passesLeft(before, at));
    if (!(worth >= price)) return false;
    price = prepareWithin(at.theta, worth);
    return price === 0;
  }

  return (at, length = 1) => {
    const { theta, gap, passes } = at;
    const suffices = gap < sufficient * last;
    last = gap;
    rate.record(gap, passes);
    if (prepared === null || length < shortStep) preconditioner.prepare(theta);
    else {
      const isDue = !suffices && prepared.gap > settledAt && gap < renewal * prepared.gap;
      if (!isDue || !isWorthIt(at, prepared)) return false;
    }
    if (prepared !== null) settledAt = settled;
    prepared = at;
    rate = convergenceRate();
    rate.record(gap, passes);
    price = 0;
    return true;
  };
}

/** How many passes are left where the gap goes on to fall as it did from one point to another. */
function passesLeft(from: Standing, to: Standing): number {
  return ((to.passes - from.passes) * log(to.gap / to.target)) / log(from.gap / to.gap);
}
