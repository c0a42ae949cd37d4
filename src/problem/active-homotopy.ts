import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { roundUp } from './pass-task.ts';

/** The exact minimum of quadratic models with one Hessian that grows and is corrected, see kernels/lasso-homotopy.ts. */
export interface ActiveHomotopy {
  /** The most weights other than 0, intercepts included, that it can keep. */
  readonly room: number;
  /** Forgets the tableau: H is another. */
  reset(): void;
  /** Follows H ← H + factor · y yᵀ; y: f64 of all coordinates. */
  correct(y: Pointer, factor: number): void;
  /** Makes the support that of the model's weights; false where there is no room. */
  stand(model: HomotopyModel): boolean;
  /** Writes (H + diag r)⁻¹ y, both on the support, into its part of `out`; y, out: f64 of all coordinates. */
  solve(y: Pointer, out: Pointer): void;
  /**
   * Minimizes the model from its weights on; false where it failed or was interrupted, the weights and the slope then being
   * worthless.
   */
  minimize(model: HomotopyModel): boolean;
}

/** Pointers to the model's vectors, as in kernels/lasso-model.ts. */
export interface HomotopyModel {
  readonly size: number;
  readonly weights: Pointer;
  readonly slope: Pointer;
  readonly lasso: Pointer;
  readonly ridge: Pointer;
  readonly lambda: number;
  readonly tolerance: number;
  /** As in LassoModel. */
  readonly isInterrupted: () => boolean;
}

/** The tableau of so many coordinates takes 67 MB, none of it before it is needed. */
const MOST_ROWS = 4096;
/** As in kernels/lasso-tableau-task.ts. */
const MOST_PENDING = 32;
const MOST_RIGHT = 8;
/** As in kernels/lasso-homotopy.ts. */
const SLOPE_ROWS = 64;
const FULL = 1;
const LOST = -1;
/** With fewer rows a product of the tableau takes 10 µs and less, which another thread would not make less. */
const SHARED = 256;
const SHARDS = 8;
/** Zero weights whose slope reaches this part of λ are followed with the others. */
const CANDIDATE = 0.9;
/** Rounds from where the last one ended: they mend what damping and rounding left, and let in who was not followed. */
const MOST_ROUNDS = 6;
/** Changes of the support in one model, at most so many for each coordinate: more means that it goes in circles. */
const MOST_CHANGES = 4;
const TASK_BYTES = 152;
/** No row: −1 as i32. */
const NONE = 0xffffffff;

/** The model's Hessian lies at `hessian`, f32, for at most `capacity` coordinates. */
export function activeHomotopy(
  runtime: Runtime,
  hessian: Pointer,
  hessianStride: number,
  capacity: number,
): ActiveHomotopy {
  const { arena, kernels } = runtime;
  const room = roundUp(Math.min(capacity, MOST_ROWS), 4);
  const blocks = room / 4;
  const task = arena.allocate(TASK_BYTES);
  const numbers = arena.f64(task, 2);
  const words = arena.u32(task, TASK_BYTES / 4);
  const position = arena.allocate(4 * capacity);
  const positions = arena.u32(position, capacity);
  const wanted = arena.allocateU32(MOST_RIGHT);
  words.set([hessianStride, hessian], 5);
  words.set(
    [room, 0, arena.allocate(4 * room), position, arena.allocateUnset(64 * blocks * (blocks + 1))],
    12,
  );
  words.set([0, arena.allocate(8 * MOST_PENDING * room), arena.allocate(16 * MOST_PENDING)], 17);
  words.set(
    [5, MOST_RIGHT, SHARDS * MOST_RIGHT].map((n) => arena.allocate(8 * n * room)),
    20,
  );
  words.set([arena.allocate(8 * SHARDS * MOST_PENDING * 4), arena.allocate(8 * capacity)], 26);
  const N_ROWS = 13;
  const N_PENDING = 17;
  const N_RIGHT = 23;
  const N_SHARDS = 24;
  reset();

  function reset(): void {
    words[N_ROWS] = 0;
    words[N_PENDING] = 0;
    positions.fill(NONE);
  }

  function shards(): number {
    return words[N_ROWS] < SHARED ? 1 : SHARDS;
  }

  function fold(): void {
    words[N_SHARDS] = shards();
    runtime.run('lassoHomotopyFold', task, words[N_SHARDS]);
    words[N_PENDING] = 0;
  }

  /** The tableau times the right sides that `pose` writes. */
  function multiply(nRight: number, pose: () => boolean): void {
    words[N_RIGHT] = nRight;
    words[N_SHARDS] = shards();
    if (pose()) runtime.run('lassoHomotopyProduct', task, words[N_SHARDS]);
  }

  /** Whether all came in before an interruption. */
  function append(coordinates: readonly number[], isInterrupted: () => boolean): boolean {
    if (coordinates.length > 0 && words[N_PENDING] > 0) fold();
    for (let first = 0; first < coordinates.length; first += MOST_RIGHT) {
      const some = coordinates.slice(first, first + MOST_RIGHT);
      wanted.set(some);
      multiply(some.length, () => kernels.lassoHomotopyRightSides(task, wanted.byteOffset) !== 0);
      kernels.lassoHomotopyAppend(task, wanted.byteOffset);
      if (isInterrupted()) return false;
    }
    return true;
  }

  /** Coordinates that are to be followed and are not in the tableau. */
  function missing(model: HomotopyModel): number[] {
    const [weights, slope, lasso] = [model.weights, model.slope, model.lasso].map((vector) =>
      arena.f64(vector, model.size),
    );
    const least = CANDIDATE * model.lambda;
    const found: number[] = [];
    for (let j = 0; j < model.size; j++) {
      if (positions[j] !== NONE) continue;
      if (lasso[j] === 0 || weights[j] !== 0 || Math.abs(slope[j]) >= least) found.push(j);
    }
    return found;
  }

  /** Brings what is to be followed into the tableau, and the support there; false where there is no room, or no time. */
  function take(model: HomotopyModel): boolean {
    let coordinates = missing(model);
    if (words[N_ROWS] + coordinates.length > room) {
      reset();
      coordinates = missing(model);
      if (coordinates.length > room) return false;
    }
    return (
      append(coordinates, model.isInterrupted) &&
      finish(kernels.lassoHomotopySupport, model.isInterrupted) !== LOST
    );
  }

  function pose({ size, weights, slope, lasso, ridge, lambda, tolerance }: HomotopyModel): void {
    numbers[0] = lambda;
    numbers[1] = tolerance;
    words[4] = size;
    words.set([weights, slope, ridge, lasso, MOST_CHANGES * size], 7);
    kernels.lassoHomotopyTake(task);
  }

  /** Goes on with a kernel that ends where the tableau must be folded; LOST also where it is interrupted there. */
  function finish(kernel: (task: Pointer) => number, isInterrupted: () => boolean): number {
    for (;;) {
      const outcome = kernel(task);
      if (outcome !== FULL) return outcome;
      if (isInterrupted()) return LOST;
      fold();
    }
  }

  return {
    room: Math.min(capacity, MOST_ROWS),
    reset,
    correct(y, factor) {
      if (words[N_ROWS] === 0) return;
      if (words[N_PENDING] === MOST_PENDING) fold();
      multiply(1, () => {
        kernels.lassoHomotopyOnSupport(task, y);
        return true;
      });
      kernels.lassoHomotopyCorrect(task, y, factor);
    },
    stand(model) {
      pose(model);
      return take(model);
    },
    solve(y, out) {
      multiply(1, () => {
        kernels.lassoHomotopyOnSupport(task, y);
        return true;
      });
      kernels.lassoHomotopySolution(task, out);
    },
    minimize(model) {
      const { size, tolerance } = model;
      pose(model);
      let violation = Number.NaN;
      for (let round = 0; round < MOST_ROUNDS && !(violation <= tolerance); round++) {
        if (!take(model)) break;
        multiply(1, () => {
          kernels.lassoHomotopyPose(task);
          return true;
        });
        kernels.lassoHomotopyAim(task);
        const outcome = finish(kernels.lassoHomotopyFollow, model.isInterrupted);
        kernels.lassoHomotopyMove(task);
        runtime.run('lassoHomotopySlope', task, Math.ceil(size / SLOPE_ROWS));
        violation = outcome === LOST ? Number.NaN : kernels.lassoHomotopyViolation(task);
        if (!(violation < Number.POSITIVE_INFINITY)) break;
      }
      if (violation < Number.POSITIVE_INFINITY) return true;
      reset();
      return false;
    },
  };
}
