import type { Objective } from '../problem/objective.ts';

export interface ReducedSystem {
  /** indices of the variables that may move */
  readonly free: Int32Array;
  /** right-hand side, negated; read at the free indices */
  readonly slope: Float64Array;
  /** μ of (H + μI) */
  readonly damping: number;
  /** relative residual at which to stop */
  readonly tolerance: number;
  readonly maxProducts: number;
  /** Asked after each product: true stops. */
  readonly isInterrupted: () => boolean;
  /** Where the solution goes; entries that are not free are left alone. */
  readonly direction: Float64Array;
}

/**
 * Solves (H_AA + μI) d = −slope_A for the free variables A, H prepared in the objective, by conjugate
 * gradients: the first iterate that meets the tolerance, and whatever was reached where curvature vanishes or the run is
 * interrupted.
 */
export function conjugateGradients(
  objective: Objective,
  work: { readonly direction: Float64Array; readonly product: Float64Array },
  { free, slope, damping, tolerance, maxProducts, isInterrupted, direction }: ReducedSystem,
): { readonly products: number; readonly largestCurvature: number } {
  const size = free.length;
  const d = new Float64Array(size);
  const r = new Float64Array(size);
  const p = new Float64Array(size);
  let rr = 0;
  for (let a = 0; a < size; a++) {
    r[a] = -slope[free[a]];
    p[a] = r[a];
    rr += r[a] * r[a];
  }
  const target = tolerance * tolerance * rr;
  let largestCurvature = 0;
  let products = 0;
  while (products < maxProducts && rr > target) {
    for (let a = 0; a < size; a++) work.direction[free[a]] = p[a];
    objective.hessianProduct(work.direction, work.product);
    products++;
    let pp = 0;
    let pHp = 0;
    for (let a = 0; a < size; a++) {
      pp += p[a] * p[a];
      pHp += p[a] * (work.product[free[a]] + damping * p[a]);
    }
    largestCurvature = Math.max(largestCurvature, pHp / pp);
    // Single precision leaves this much of a product; less is no curvature.
    if (pHp <= 1e-7 * largestCurvature * pp) {
      if (products === 1) d.set(p);
      break;
    }
    const alpha = rr / pHp;
    let next = 0;
    for (let a = 0; a < size; a++) {
      d[a] += alpha * p[a];
      r[a] -= alpha * (work.product[free[a]] + damping * p[a]);
      next += r[a] * r[a];
    }
    if (isInterrupted()) break;
    const beta = next / rr;
    for (let a = 0; a < size; a++) p[a] = r[a] + beta * p[a];
    rr = next;
  }
  for (let a = 0; a < size; a++) {
    work.direction[free[a]] = 0;
    direction[free[a]] = d[a];
  }
  return { products, largestCurvature };
}
