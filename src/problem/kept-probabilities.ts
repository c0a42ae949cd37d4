import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** What passes for the loss leave of each row beside it, for a Hessian that is prepared where the last of them was. */
export interface KeptProbabilities {
  /** Where a pass at θ is to leave them. */
  placeFor(theta: Float64Array): Pointer;
  /** Whether the last pass that left any was there, and nobody has taken them. */
  areAt(theta: Float64Array): boolean;
  /** Those of the last such pass where it was at θ, in exchange for room for the next one's; else null. */
  take(theta: Float64Array, room: Float32Array): Float32Array | null;
}

/** Room for probabilities, whatever it held before. Kernels read a vector behind the last. */
export function probabilityRoom(arena: Arena, length: number): Float32Array {
  return arena.f32(arena.allocateUnset(length * 4 + 16), length);
}

/** Of `length` probabilities and θ of `size` numbers, in the runtime's memory. */
export function keptProbabilities(
  { arena, kernels }: Runtime,
  length: number,
  size: number,
): KeptProbabilities {
  let kept = probabilityRoom(arena, length);
  const at = arena.allocateF64(size);
  let isKept = false;
  const areAt = (theta: Float64Array) =>
    isKept && kernels.areSame(at.byteOffset, theta.byteOffset, size) !== 0;
  return {
    areAt,
    placeFor(theta) {
      kernels.copyBytes(theta.byteOffset, at.byteOffset, at.byteLength);
      isKept = true;
      return kept.byteOffset;
    },
    take(theta, room) {
      if (!areAt(theta)) return null;
      isKept = false;
      const taken = kept;
      kept = room;
      return taken;
    },
  };
}
