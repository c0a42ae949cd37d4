import { log } from '../problem/elementary.ts';
import type { Preconditioner } from './preconditioner.ts';

/** A preconditioner that is worth its price only where the descent without it turns out slow. */
export interface LatePreconditioner {
  /** What it costs to prepare, in passes. */
  readonly passes: number;
  /** Part of the passes left that it saves, mostly. */
  readonly saves: number;
  /** Steps to be taken without it. */
  readonly patience: number;
  /** Null where the rows have none. */
  make(): Preconditioner | null;
}

/** It is prepared so many times, mostly. */
const USUAL_COUNT = 2.5;

/** Whether the descent needs it yet; each tells null once it was made. */
export interface Need {
  /** It, where the gap at every step so far tells that it is due. */
  ask(gap: number, target: number): Preconditioner | null;
  /** It, at once: where the descent leads nowhere without. */
  insist(): Preconditioner | null;
}

/**
 * L-BFGS's gap falls by about the same factor at each step once it has found its way, so the last half of them tells
 * how many are left.
 */
export function awaitNeed({ passes, saves, patience, make }: LatePreconditioner): Need {
  /** logarithms of the least gap up to each step */
  const least: number[] = [];
  let isMade = false;

  function insist() {
    if (isMade) return null;
    isMade = true;
    return make();
  }

  return {
    insist,
    ask(gap, target) {
      const step = least.length;
      least.push(Math.min(log(gap), least[step - 1] ?? Number.POSITIVE_INFINITY));
      if (step < patience) return null;
      const half = Math.ceil(step / 2);
      const rate = (least[step - half] - least[step]) / half;
      return saves * (least[step] - log(target)) < rate * USUAL_COUNT * passes ? null : insist();
    },
  };
}
