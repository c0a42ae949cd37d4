import type { VectorSpace } from '../problem/passes.ts';
import type { Preconditioner } from './preconditioner.ts';

/** The limited-memory inverse of the Hessian. */
export interface InverseHessian {
  isEmpty(): boolean;
  clear(): void;
  /** Clears it, to start from another D. */
  startFrom(preconditioner: Preconditioner | null): void;
  /** direction ← −H g */
  direction(gradient: Float64Array, direction: Float64Array): void;
  /** Learns from a step of `length` along `direction`; keeps nothing where the curvature is not positive. */
  update(length: number, direction: Float64Array, before: Float64Array, after: Float64Array): void;
}

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  curvature: number;
}

/**
 * Products with the inverse Hessian that BFGS updates make of the last `memory` pairs, by the two-loop
 * recursion. It starts from γD, D the preconditioner (null: the identity) and γ = sᵀy / yᵀDy of the last pair, or 1 where D
 * is `unscaled`.
 */
export function inverseHessian(
  vectors: VectorSpace,
  size: number,
  memory: number,
  start: Preconditioner | null,
): InverseHessian {
  let preconditioner = start;
  const pairs: Pair[] = [];
  const spare: Pair[] = [];
  const coefficients = new Float64Array(memory);
  let product: Float64Array | null = null;
  let gamma = 1;

  function newPair(): Pair {
    const oldest = pairs.length >= memory ? pairs.shift() : spare.pop();
    return oldest ?? { s: vectors.zeros(size), y: vectors.zeros(size), curvature: 0 };
  }

  function clear() {
    spare.push(...pairs.splice(0));
    gamma = 1;
  }

  function precondition(by: Preconditioner, x: Float64Array): Float64Array {
    product ??= vectors.zeros(size);
    by.apply(x, product);
    return product;
  }

  return {
    isEmpty: () => pairs.length === 0,
    clear,
    startFrom(next) {
      clear();
      preconditioner = next;
    },
    direction(gradient, direction) {
      vectors.copy(gradient, direction);
      for (let i = pairs.length - 1; i >= 0; i--) {
        const { s, y, curvature } = pairs[i];
        coefficients[i] = vectors.dot(s, direction) / curvature;
        vectors.axpy(-coefficients[i], y, direction);
      }
      if (preconditioner !== null) vectors.copy(precondition(preconditioner, direction), direction);
      vectors.scale(-gamma, direction);
      for (let i = 0; i < pairs.length; i++) {
        const { s, y, curvature } = pairs[i];
        const beta = vectors.dot(y, direction) / curvature;
        vectors.axpy(-coefficients[i] - beta, s, direction);
      }
    },
    update(length, direction, before, after) {
      const pair = newPair();
      const { s, y } = pair;
      vectors.copy(direction, s);
      vectors.scale(length, s);
      vectors.copy(after, y);
      vectors.axpy(-1, before, y);
      const curvature = vectors.dot(s, y);
      let change = vectors.dot(y, y);
      // Rounding makes up differences below this: such a pair would poison the memory.
      if (!(curvature > 1e-12 * Math.sqrt(change * vectors.dot(s, s)))) {
        spare.push(pair);
        return;
      }
      pair.curvature = curvature;
      if (!preconditioner?.unscaled) {
        if (preconditioner !== null) change = vectors.dot(y, precondition(preconditioner, y));
        gamma = curvature / change;
      }
      pairs.push(pair);
    },
  };
}
