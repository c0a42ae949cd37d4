import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ActiveHomotopy } from './active-homotopy.ts';

/** A Hessian of coordinates that are appended to; f32, row-major, both triangles. */
export interface GrowingHessian {
  readonly hessian: Pointer;
  /** floats between rows */
  readonly stride: number;
  /** Where y and u may be put, f64 for all coordinates each. */
  readonly y: Pointer;
  readonly u: Pointer;
  readonly homotopy: ActiveHomotopy;
}

/** What a step made of the model's gradient, for the coordinates that there are. */
export interface Secant {
  /** the step */
  readonly s: Float64Array;
  /** H s, which the model foretold */
  readonly u: Float64Array;
  /** the gradient's change in all coordinates of θ, ridge excluded */
  readonly change: Float64Array;
  readonly coordinates: Int32Array;
}

/**
 * Corrections of the Hessian by steps (BFGS, with Powell's damping). They are kept, so that coordinates that come
 * later get theirs: with some of its rows uncorrected the matrix would not stay positive semidefinite.
 */
export interface SecantPairs {
  reset(): void;
  /** H ← H + y yᵀ / sᵀy − u uᵀ / sᵀu */
  correct(secant: Secant): void;
  /** Corrects the rows of the coordinates from `first` on, which are new. */
  extend(coordinates: Int32Array, first: number): void;
}

/** Powell's bound: of the curvature foretold along a step, as much is taken to be there at least. */
const LEAST_CURVATURE = 0.2;
/** So many are kept; a Hessian that was corrected so often is taken as it is until it is rebuilt. */
const MOST_PAIRS = 64;

interface Pair {
  readonly s: Float64Array;
  readonly change: Float64Array;
  /** of the change; the rest of y is u */
  readonly part: number;
  readonly alpha: number;
  readonly beta: number;
  y: Float64Array;
  u: Float64Array;
}

export function secantPairs(
  { arena, kernels }: Runtime,
  place: GrowingHessian,
  capacity: number,
): SecantPairs {
  const { hessian, stride, homotopy } = place;
  const pairs: Pair[] = [];

  /** The new rows of one correction, those before it being in H already. */
  function extendBy(pair: Pair, coordinates: Int32Array, first: number): void {
    const H = arena.f32(hessian, capacity * stride);
    const count = coordinates.length;
    const y = new Float64Array(count);
    const u = new Float64Array(count);
    y.set(pair.y);
    u.set(pair.u);
    const { s, part, alpha, beta } = pair;
    for (let a = first; a < count; a++) {
      for (let b = 0; b < s.length; b++) u[a] += H[a * stride + b] * s[b];
      y[a] = part * pair.change[coordinates[a]] + (1 - part) * u[a];
    }
    for (let a = first; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        H[a * stride + b] += alpha * y[a] * y[b] - beta * u[a] * u[b];
        H[b * stride + a] = H[a * stride + b];
      }
    }
    pair.y = y;
    pair.u = u;
  }

  return {
    reset() {
      pairs.length = 0;
    },
    correct({ s, u, change, coordinates }) {
      if (pairs.length === MOST_PAIRS) return;
      const count = s.length;
      let sy = 0;
      let su = 0;
      for (let a = 0; a < count; a++) {
        sy += s[a] * change[coordinates[a]];
        su += s[a] * u[a];
      }
      if (!(su > 0)) return;
      const part = sy < LEAST_CURVATURE * su ? ((1 - LEAST_CURVATURE) * su) / (su - sy) : 1;
      const y = u.map((value, a) => part * change[coordinates[a]] + (1 - part) * value);
      const pair = { s, u, y, change, part, alpha: 1 / (part * sy + (1 - part) * su), beta: 1 / su };
      pairs.push(pair);
      arena.f64(place.y, count).set(y);
      arena.f64(place.u, count).set(u);
      homotopy.correct(place.y, pair.alpha);
      homotopy.correct(place.u, -pair.beta);
      kernels.activeHessianUpdate(hessian, 4 * stride, count, place.y, pair.alpha, place.u, pair.beta);
    },
    extend(coordinates, first) {
      for (const pair of pairs) extendBy(pair, coordinates, first);
    },
  };
}
