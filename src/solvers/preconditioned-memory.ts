import type { Objective } from '../problem/objective.ts';
import { convergenceRate } from './convergence-rate.ts';
import type { DescentPoint } from './descent.ts';
import { awaitNeed, type LatePreconditioner } from './late-preconditioner.ts';
import { type InverseHessian, inverseHessian } from './lbfgs-memory.ts';
import { diagonalPreconditioner, type Preconditioner, rowUnits } from './preconditioner.ts';
import { renewing } from './renewal.ts';

export interface PreconditionerSettings {
  /**
   * The Hessian's inverse that the memory starts from; prepared where the run is. Default: its diagonal's at θ = 0, or the
   * units of the rows (rowUnits).
   */
  readonly preconditioner?: Preconditioner;
  /** Of these one is taken up on the way where it is slow with what it has, the next where it still is. */
  readonly late?: readonly LatePreconditioner[];
  /** Instead of the Hessian's diagonal at θ = 0; a first step is of unit length in its metric, or shorter. */
  readonly diagonal?: Preconditioner;
}

/** L-BFGS's memory, and what it starts from where that is given. */
export interface PreconditionedMemory extends Pick<InverseHessian, 'update'> {
  /** What it starts from, given or taken late; null where that was given up. */
  given(): Preconditioner | null;
  /** Takes the late one up where it is due, and prepares what is given where that is. */
  follow(point: DescentPoint): void;
  /** Writes a descent direction and returns the step to try first along it. */
  direction(gradient: Float64Array, direction: Float64Array): number;
  /** direction ← −H g */
  apply(gradient: Float64Array, direction: Float64Array): void;
  /**
   * Where a direction led nowhere: forgets the pairs, then what was given, for what that took the place of if anything, or
   * takes the late one. False for none of them.
   */
  reset(): boolean;
  /** Takes the late one, where it was not asked for yet; else goes back to what one took the place of. */
  rescue(): boolean;
}

/** A late preconditioner has so many times the passes that were left without it, before what it replaced is taken again. */
const MOST_OF_EXPECTED = 2;

/**
 * Steps of so small a part of what was tried lead nowhere: so many in a row, and what they come from is given up. 278 × 172,
 * 4 classes, columns of 0.01 to 100, took more than 10 000 passes by blocks and Newton's steps, most of 0.0025, where L-BFGS
 * took 310, and takes 440 so. With 0.2 instead of 0.06 425 × 48, 16 classes, took 440 passes for 142.
 */
export const TOO_SHORT = 0.06;
export const MOST_TOO_SHORT = 6;

/** `pairs`: so many differences are kept at most. */
export function preconditionedMemory(
  objective: Objective,
  pairs: number,
  { preconditioner, late, diagonal }: PreconditionerSettings,
): PreconditionedMemory {
  const { vectors, layout } = objective;
  const need = late === undefined ? null : awaitNeed(late);
  const memory = inverseHessian(vectors, layout.size, pairs, null);
  let given: Preconditioner | null = null;
  /** Those that a late one took the place of, to go back to. */
  const replaced: Preconditioner[] = [];
  let mostPasses = Number.POSITIVE_INFINITY;
  let renew: ReturnType<typeof renewing> | null = null;
  let rate = convergenceRate();
  let lastLength = 1;
  let shortSteps = 0;

  function startFrom(next: Preconditioner | null) {
    given = next;
    renew = next === null ? null : renewing(next);
    rate = convergenceRate();
    mostPasses = Number.POSITIVE_INFINITY;
    memory.startFrom(next ?? diagonal ?? diagonalPreconditioner(objective) ?? rowUnits(objective));
  }

  function takeUp(next: Preconditioner | null): boolean {
    if (next === null) return false;
    if (given !== null) replaced.push(given);
    startFrom(next);
    return true;
  }

  function goBack(): boolean {
    const before = replaced.pop();
    if (before === undefined) return false;
    startFrom(before);
    return true;
  }

  /** What it is made of, rows or single precision, is too far from the objective. */
  function giveUp() {
    if (!goBack()) startFrom(null);
  }

  const rescue = () => takeUp(need?.insist() ?? null) || goBack();

  startFrom(preconditioner ?? null);

  return {
    given: () => given,
    rescue,
    update(length, direction, before, after) {
      lastLength = length;
      shortSteps = length < TOO_SHORT ? shortSteps + 1 : 0;
      memory.update(length, direction, before, after);
    },
    apply: memory.direction,
    follow(point) {
      if (need !== null) {
        rate.record(point.gap, point.passes);
        const expected = rate.passesLeft(point.target);
        if (rate.spent() > mostPasses) goBack();
        else if (takeUp(need.ask(point, rate)) && expected !== null) mostPasses = MOST_OF_EXPECTED * expected;
      }
      if (given !== null && shortSteps >= MOST_TOO_SHORT) {
        giveUp();
        shortSteps = 0;
      }
      // Made anew, it overshoots where its last step was short: its first one by the root is between.
      const isShort = lastLength < (given?.shortStep ?? 0);
      if (renew?.(point, lastLength)) {
        memory.clear(isShort ? Math.sqrt(lastLength) : 1);
      }
      lastLength = 1;
    },
    direction(gradient, direction) {
      memory.direction(gradient, direction);
      if (given !== null || !memory.isEmpty()) return 1;
      return 1 / Math.max(1, Math.sqrt(-vectors.dot(gradient, direction)));
    },
    reset() {
      if (!memory.isEmpty()) {
        memory.clear();
        return true;
      }
      if (given === null) return rescue();
      giveUp();
      return true;
    },
  };
}
