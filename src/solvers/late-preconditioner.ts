import { log } from '../problem/elementary.ts';
import type { Preconditioner } from './preconditioner.ts';

/** A preconditioner that is worth its price only where the descent without it turns out slow. */
export interface LatePreconditioner {
  /** What it costs to prepare, in passes. */
  readonly passes: number;
  /** Part of the passes left that it saves, mostly. */
  readonly saves: number;
  /** Passes to be spent without it; default: those of the steps that tell a rate. */
  readonly patience?: number;
  /** Null where the rows have none. */
  make(): Preconditioner | null;
}

/** It is prepared so many times, mostly. */
const USUAL_COUNT = 2.5;
/** Steps after which a descent's rate tells something. */
const TELLING_STEPS = 8;

/** Whether the descent needs it yet; each tells null once it was made. */
export interface Need {
  /** It, where the gaps so far, and the passes that they took, tell that it is due. */
  ask(gap: number, target: number, passes: number): Preconditioner | null;
  /** It, at once: where the descent leads nowhere without. */
  insist(): Preconditioner | null;
}

/**
 * The gap falls by about the same factor in each pass once a descent has found its way, so the last half of the steps
 * tells how many passes are left.
 */
export function awaitNeed({ passes, saves, patience = 0, make }: LatePreconditioner): Need {
  /** logarithms of the least gap up to each step */
  const least: number[] = [];
  const passesAt: number[] = [];
  let isMade = false;

  function insist() {
    if (isMade) return null;
    isMade = true;
    return make();
  }

  return {
    insist,
    ask(gap, target, passesSoFar) {
      const step = least.length;
      passesAt.push(passesSoFar);
      least.push(Math.min(log(gap), least[step - 1] ?? Number.POSITIVE_INFINITY));
      if (step < TELLING_STEPS || passesSoFar - passesAt[0] < patience) return null;
      const half = Math.ceil(step / 2);
      const rate = (least[step - half] - least[step]) / (passesSoFar - passesAt[step - half]);
      return saves * (least[step] - log(target)) < rate * USUAL_COUNT * passes ? null : insist();
    },
  };
}
