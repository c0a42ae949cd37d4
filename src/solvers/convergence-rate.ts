import { log } from '../problem/elementary.ts';

/** Steps after which a descent's rate tells something. */
const TELLING_STEPS = 8;
/** Where the gap hardly falls. */
const MOST_PASSES = 1e6;

/** How fast a descent's gap falls. */
export interface ConvergenceRate {
  /** The gap after a step, and the passes spent until then. */
  record(gap: number, passes: number): void;
  /** Passes spent since the first record. */
  spent(): number;
  /** How many passes are left to a gap of `target`; null after fewer than eight steps. */
  passesLeft(target: number): number | null;
}

/**
 * The gap falls by about the same factor in each pass once a descent has found its way, so the last half of the steps
 * tells how many passes are left.
 */
export function convergenceRate(): ConvergenceRate {
  /** logarithms of the least gap up to each step */
  const least: number[] = [];
  const passesAt: number[] = [];

  return {
    record(gap, passes) {
      least.push(Math.min(log(gap), least.at(-1) ?? Number.POSITIVE_INFINITY));
      passesAt.push(passes);
    },
    spent: () => (passesAt.at(-1) ?? 0) - (passesAt[0] ?? 0),
    passesLeft(target) {
      const step = least.length - 1;
      if (step < TELLING_STEPS) return null;
      const from = step - Math.ceil(step / 2);
      const rate = (least[from] - least[step]) / (passesAt[step] - passesAt[from]);
      const rest = Math.max(0, least[step] - log(target));
      return rest < MOST_PASSES * rate ? rest / rate : MOST_PASSES;
    },
  };
}
