import type { ConvergenceRate } from './convergence-rate.ts';
import type { DescentPoint } from './descent.ts';
import type { Preconditioner } from './preconditioner.ts';

/** A preconditioner that is worth its price only where the descent without it turns out slow. */
export interface LatePreconditioner {
  /** What it costs to prepare, in passes; at least, where `look` tells. */
  readonly passes: number;
  /** What it costs at θ, in passes, for half a pass. */
  look?(theta: Float64Array): number;
  /** Part of the passes left that it saves, mostly. */
  readonly saves: number;
  /** Passes to be spent without it; default: those of the steps that tell a rate. */
  readonly patience?: number;
  /** Null where the rows have none. */
  make(): Preconditioner | null;
}

/** It is prepared so many times, mostly. */
const USUAL_COUNT = 2.5;
/** It is looked up anew what one costs when the gap has fallen to this part. */
const LOOK_AGAIN = 0.1;

/** Whether the descent needs one of them yet; each tells null once all were made. */
export interface Need {
  /** The one that is due, by the rate of the descent so far. */
  ask(
    point: Pick<DescentPoint, 'theta' | 'gap' | 'target'>,
    rate: Pick<ConvergenceRate, 'passesLeft' | 'spent'>,
  ): Preconditioner | null;
  /** The first, at once, and no other after it: where the descent leads nowhere without. */
  insist(): Preconditioner | null;
}

export function awaitNeed(candidates: readonly LatePreconditioner[]): Need {
  const left = candidates.map((late) => ({ late, price: late.passes, lookedAt: Number.POSITIVE_INFINITY }));

  return {
    insist() {
      let made: Preconditioner | null = null;
      while (made === null && left.length > 0) made = left.shift()?.late.make() ?? null;
      left.length = 0;
      return made;
    },
    ask({ theta, gap, target }, rate) {
      const passesLeft = rate.passesLeft(target);
      if (passesLeft === null) return null;
      /** Of the passes left, what it saves beyond its price; below 0 before as much was spent without. */
      const gainOf = ({ late: { saves, patience = 0 }, price }: (typeof left)[number]) =>
        rate.spent() < Math.max(patience, price) ? -1 : saves * passesLeft - USUAL_COUNT * price;
      for (const one of left) if (gap < LOOK_AGAIN * one.lookedAt) one.price = one.late.passes;
      while (left.length > 0) {
        const gains = left.map(gainOf);
        const at = gains.indexOf(Math.max(...gains));
        if (gains[at] < 0) return null;
        const best = left[at];
        if (best.late.look !== undefined && gap < LOOK_AGAIN * best.lookedAt) {
          best.price = best.late.look(theta);
          best.lookedAt = gap;
          continue;
        }
        left.splice(at, 1);
        const made = best.late.make();
        if (made !== null) return made;
      }
      return null;
    },
  };
}
