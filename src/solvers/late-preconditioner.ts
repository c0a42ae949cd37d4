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

/**
 * Tells, from the gap at every step so far, when the preconditioner is due. L-BFGS's gap falls by about the same factor
 * at each step once it has found its way, so the last half of them tells how many are left.
 */
export function awaitNeed({
  passes,
  saves,
  patience,
  make,
}: LatePreconditioner): (gap: number, target: number) => Preconditioner | null {
  /** logarithms of the least gap up to each step */
  const least: number[] = [];
  let asked = false;
  return (gap, target) => {
    const step = least.length;
    least.push(Math.min(log(gap), least[step - 1] ?? Number.POSITIVE_INFINITY));
    if (asked || step < patience) return null;
    const half = Math.ceil(step / 2);
    const rate = (least[step - half] - least[step]) / half;
    if (saves * (least[step] - log(target)) < rate * USUAL_COUNT * passes) return null;
    asked = true;
    return make();
  };
}
