import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** The exact minimum of quadratic models with one Hessian that grows and is corrected, see kernels/lasso-homotopy.ts. */
export interface ActiveHomotopy {
  /** The most weights other than 0, intercepts included, that it can keep. */
  readonly room: number;
  /** Forgets the inverse: H is another. */
  reset(): void;
  /** Follows H ← H + factor · y yᵀ; y: f64 of all coordinates. */
  correct(y: Pointer, factor: number): void;
  /** Minimizes the model from its weights on; false where it failed, the weights and the slope then being worthless. */
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
}

/** The inverse of so many weights takes 27 MB. */
const MOST_SUPPORT = 2560;
/** As in kernels/support-inverse.ts. */
const MOST_PENDING = 24;
/** Changes of the support in one model, at most so many for each coordinate: more means that it goes in circles. */
const MOST_CHANGES = 4;

/** The model's Hessian lies at `hessian`, f32, for at most `capacity` coordinates. */
export function activeHomotopy(
  { arena, kernels }: Runtime,
  hessian: Pointer,
  hessianStride: number,
  capacity: number,
): ActiveHomotopy {
  const room = Math.min(capacity, MOST_SUPPORT);
  const task = arena.allocate(88);
  const position = arena.allocate(4 * capacity);
  const numbers = arena.f64(task, 2);
  const words = arena.u32(task, 20);
  words.set([hessianStride, hessian], 5);
  words.set([room, 0, arena.allocate(4 * room), position, arena.allocateUnset(4 * room * (room + 1))], 12);
  words.set(
    [0, arena.allocate(8 * MOST_PENDING * (room + 1)), arena.allocate(8 * (3 * room + 6 * capacity))],
    17,
  );
  const N_SUPPORT = 13;
  const N_PENDING = 17;
  reset();

  function reset(): void {
    words[N_SUPPORT] = 0;
    words[N_PENDING] = 0;
    arena.u32(position, capacity).fill(0xffffffff);
  }

  return {
    reset,
    correct(y, factor) {
      if (words[N_SUPPORT] > 0) kernels.lassoHomotopyCorrect(task, y, factor);
    },
    room,
    minimize({ size, weights, slope, lasso, ridge, lambda, tolerance }) {
      numbers[0] = lambda;
      numbers[1] = tolerance;
      words[4] = size;
      words.set([weights, slope, ridge, lasso, MOST_CHANGES * size], 7);
      if (kernels.lassoHomotopy(task) >= 0) return true;
      reset();
      return false;
    },
  };
}
