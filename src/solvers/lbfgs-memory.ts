import type { VectorSpace } from '../problem/passes.ts';
import type { Preconditioner } from './preconditioner.ts';

/** The limited-memory inverse of the Hessian. */
export interface InverseHessian {
  isEmpty(): boolean;
  /** Forgets the pairs; directions begin with γ. */
  clear(gamma?: number): void;
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
}

/**
 * Products with the inverse Hessian that BFGS updates make of the last `memory` pairs, by the two-loop
 * recursion. It starts from γD, D the preconditioner (null: the identity) and γ = sᵀy / yᵀDy of the last pair, its root or
 * 1 where D's `scaling` says so. The products of the pairs with each other are kept, so that each loop reads all s and
 * all y once, on all threads, and between solves a triangular system.
 *
 * Source: Chen, Wang & Zhou, NIPS 2014, for the recursion by products alone.
 */
export function inverseHessian(
  vectors: VectorSpace,
  size: number,
  memory: number,
  start: Preconditioner | null,
): InverseHessian {
  let preconditioner = start;
  // From the oldest pair.
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const spare: Pair[] = [];
  const lists = vectors.lists(memory, size);
  /** sᵢᵀ yⱼ at i · memory + j, j ≥ i */
  const meets = new Float64Array(memory * memory);
  const products = new Float64Array(memory + 1);
  const factors = new Float64Array(memory);
  let product: Float64Array | null = null;
  let otherProduct: Float64Array | null = null;
  let gamma = 1;
  /** The last pair, where γ is still to be told by it: its product with D is had with the next direction's. */
  let untold: (Pair & { readonly curvature: number }) | null = null;

  function newPair(): Pair {
    if (steps.length < memory) return spare.pop() ?? { s: vectors.unset(size), y: vectors.unset(size) };
    // Each entry moves up a row and a column.
    meets.copyWithin(0, memory + 1);
    const oldest = { s: steps.shift() as Float64Array, y: changes.shift() as Float64Array };
    if (untold?.s === oldest.s) untold = null;
    return oldest;
  }

  /** factors ← −α, from the products of all s with the gradient. */
  function solveBackward(): void {
    for (let i = steps.length - 1; i >= 0; i--) {
      const row = i * memory;
      let rest = products[i];
      for (let j = i + 1; j < steps.length; j++) rest += factors[j] * meets[row + j];
      factors[i] = -rest / meets[row + i];
    }
  }

  /** factors ← −α − β, from the products of all y with what the first loop left. */
  function solveForward(): void {
    for (let i = 0; i < steps.length; i++) {
      const row = i * memory;
      factors[i] -= products[i] / meets[row + i];
      for (let j = i + 1; j < steps.length; j++) products[j] += factors[i] * meets[row + j];
    }
  }

  function clear(start = 1) {
    for (const [i, s] of steps.entries()) spare.push({ s, y: changes[i] });
    steps.length = 0;
    changes.length = 0;
    gamma = start;
    untold = null;
  }

  /** D x, and what γ is by the last pair. */
  function precondition(by: Preconditioner, x: Float64Array): Float64Array {
    product ??= vectors.zeros(size);
    if (untold === null) by.apply(x, product);
    else {
      const { y, curvature } = untold;
      otherProduct ??= vectors.zeros(size);
      if (by.applyBoth !== undefined) by.applyBoth(x, product, y, otherProduct);
      else {
        by.apply(x, product);
        by.apply(y, otherProduct);
      }
      tellGamma(curvature, vectors.dot(y, otherProduct));
      untold = null;
    }
    return product;
  }

  function tellGamma(curvature: number, change: number): void {
    // A preconditioner may be indefinite by rounding.
    if (!(change > 0)) return;
    gamma = preconditioner?.scaling === 'root' ? Math.sqrt(curvature / change) : curvature / change;
  }

  return {
    isEmpty: () => steps.length === 0,
    clear,
    startFrom(next) {
      clear();
      preconditioner = next;
    },
    direction(gradient, direction) {
      vectors.copy(gradient, direction);
      if (steps.length > 0) {
        lists.products(steps, gradient, products);
        solveBackward();
        lists.addMultiples(factors, changes, direction);
      }
      const preconditioned = preconditioner ? precondition(preconditioner, direction) : direction;
      vectors.scale(-gamma, preconditioned, direction);
      if (steps.length > 0) {
        lists.products(changes, direction, products);
        solveForward();
        lists.addMultiples(factors, steps, direction);
      }
    },
    update(length, direction, before, after) {
      const { s, y } = newPair();
      vectors.scale(length, direction, s);
      vectors.plus(after, -1, before, y);
      const curvature = vectors.dot(s, y);
      const change = vectors.dot(y, y);
      // Rounding makes up differences below this: such a pair would poison the memory.
      if (!(curvature > 1e-12 * Math.sqrt(change * vectors.dot(s, s)))) {
        spare.push({ s, y });
        return;
      }
      const last = steps.length;
      if (last > 0) lists.products(steps, y, products);
      products[last] = curvature;
      for (let i = 0; i <= last; i++) meets[i * memory + last] = products[i];
      steps.push(s);
      changes.push(y);
      if (preconditioner === null) tellGamma(curvature, change);
      else if (preconditioner.scaling !== 'none') untold = { s, y, curvature };
    },
  };
}
