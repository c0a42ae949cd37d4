import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ActiveHomotopy } from './active-homotopy.ts';
import { roundUp } from './pass-task.ts';

/** A Hessian of coordinates that are appended to; f32, row-major, both triangles. */
export interface GrowingHessian {
  readonly hessian: Pointer;
  /** floats between rows */
  readonly stride: number;
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

/** As in kernels/secant-pairs.ts. */
const HEAD = 4;
const ROWS = 16;

interface Pair {
  readonly change: Float64Array;
  /** of the change; the rest of y is u */
  readonly part: number;
  readonly alpha: number;
  readonly beta: number;
  readonly y: Float64Array;
  readonly u: Float64Array;
}

export function secantPairs(
  runtime: Runtime,
  { hessian, stride, homotopy }: GrowingHessian,
  capacity: number,
): SecantPairs {
  const { arena } = runtime;
  const room = roundUp(capacity, 4);
  const numbers = arena.f64(
    arena.allocateUnset(8 * MOST_PAIRS * (HEAD + 3 * room)),
    MOST_PAIRS * (HEAD + 3 * room),
  );
  const lengths = arena.allocateU32(MOST_PAIRS);
  const task = arena.allocate(32);
  const pairs: Pair[] = [];

  function run(kernel: 'secantExtend' | 'secantUpdate', first: number, count: number, nShards: number): void {
    arena
      .u32(task, 8)
      .set([hessian, stride, first, count, pairs.length, numbers.byteOffset, room, lengths.byteOffset]);
    runtime.run(kernel, task, nShards);
  }

  /** The corrections where new rows meet new columns. */
  function correctCorner({ y, u, alpha, beta }: Pair, first: number, count: number): void {
    const H = arena.f32(hessian, capacity * stride);
    for (let a = first; a < count; a++) {
      for (let b = first; b <= a; b++) {
        H[a * stride + b] += alpha * y[a] * y[b] - beta * u[a] * u[b];
        H[b * stride + a] = H[a * stride + b];
      }
    }
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
      const alpha = 1 / (part * sy + (1 - part) * su);
      const beta = 1 / su;
      const start = pairs.length * (HEAD + 3 * room);
      const [atS, atY, atU] = [0, 1, 2].map((i) => start + HEAD + i * room);
      const pair = {
        ...{ change, part, alpha, beta },
        y: numbers.subarray(atY, atY + room),
        u: numbers.subarray(atU, atU + room),
      };
      lengths[pairs.length] = count;
      pairs.push(pair);
      numbers.set([alpha, beta, part], start);
      numbers.set(s, atS);
      pair.u.set(u);
      for (let a = 0; a < count; a++) pair.y[a] = part * change[coordinates[a]] + (1 - part) * u[a];
      homotopy.correct(pair.y.byteOffset, alpha);
      homotopy.correct(pair.u.byteOffset, -beta);
      run('secantUpdate', 0, count, Math.ceil(count / ROWS));
    },
    extend(coordinates, first) {
      if (pairs.length === 0) return;
      const count = coordinates.length;
      for (const { y, change, part } of pairs) {
        for (let a = first; a < count; a++) y[a] = part * change[coordinates[a]];
      }
      run('secantExtend', first, count, count - first);
      for (const pair of pairs) correctCorner(pair, first, count);
    },
  };
}
