import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ActiveHomotopy, activeHomotopy, type HomotopyModel } from './active-homotopy.ts';
import type { ParameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';
import type { PenaltyCoefficients } from './penalty.ts';

export interface LassoModel {
  readonly theta: Float64Array;
  /** of the smooth part, ridge included */
  readonly gradient: Float64Array;
  readonly penalty: PenaltyCoefficients;
  /** No optimality condition of the model is violated by more. */
  readonly tolerance: number;
  /**
   * Asked between parts of the work, of some 0.1 s with 4 000 coordinates: true ends it with no way at all. Default:
   * `never`.
   */
  readonly isInterrupted?: () => boolean;
}

/** An interruption that does not come. */
export const never = () => false;

export interface LassoModelMinimum {
  /** By how much the model falls, the lasso included. */
  readonly decrease: number;
  /** The part of it that is first order: ⟨gradient, direction⟩ and the change of the lasso. */
  readonly slope: number;
  /**
   * false where descent was cut off, or all of it interrupted. true: the tolerance was reached, or the solution was followed
   * to its end, and what damping and rounding leave there may be more than the tolerance.
   */
  readonly finished: boolean;
}

/** Lasso models with one Hessian on coordinates of θ, which grow in number: minimized by following or by descent. */
export interface ActiveModels {
  readonly homotopy: ActiveHomotopy;
  /** At each coordinate the last model's weights, and its slopes there. */
  readonly weights: Float64Array;
  readonly slope: Float64Array;
  /** To be told when the Hessian is another. */
  reset(): void;
  /** As in ActiveHessian, on these coordinates. */
  stand(coordinates: Int32Array, model: LassoModel): boolean;
  solve(coordinates: Int32Array, right: Float64Array, out: Float64Array): void;
  minimize(coordinates: Int32Array, model: LassoModel, direction: Float64Array): LassoModelMinimum;
}

/**
 * Where more weights than this part of those that are not 0 are about to leave 0, coordinate descent is tried first:
 * following the solution takes a step for each. Letters from W = 0: 1.2 s of CPU instead of 1.9; on paths there are few.
 */
const FEW_ENTERING = 0.5;
/** The tableau serves ridges that differ by no more than this part: a round of following then halves what is left. */
const RIDGE_DRIFT = 0.5;
/** Coordinate descent on the model is cut off after so many sweeps. */
const MOST_SWEEPS = 400;

/** The Hessian lies at `hessian`, f32, rows of `capacity` rounded up to four. */
export function activeModels(
  runtime: Runtime,
  layout: ParameterLayout,
  hessian: Pointer,
  capacity: number,
): ActiveModels {
  const { arena, kernels } = runtime;
  const { nClasses } = layout;
  const firstIntercept = layout.nFeatures * layout.stride;
  const hessianStride = roundUp(capacity, 4);
  const homotopy = activeHomotopy(runtime, hessian, hessianStride, capacity);
  const [weights, slope, lasso, ridge, side, solution] = Array.from({ length: 6 }, () =>
    arena.allocateF64(capacity),
  );
  const history = arena.allocate(8 * (13 * capacity + 40));
  const system = arena.allocate(8 * 30);
  const task = arena.allocate(48);
  let tableauRidge = 0;

  /**
   * Softmax residuals sum to 0 over the classes, and so do the intercepts' slopes but for single precision's rounding;
   * along (1, …, 1) the model is flat, and descent would follow that rounding without an end.
   */
  function centreSlopes(intercepts: readonly number[]): void {
    if (nClasses === 1 || intercepts.length < nClasses) return;
    let mean = 0;
    for (const a of intercepts) mean += slope[a] / nClasses;
    for (const a of intercepts) slope[a] -= mean;
  }

  /** Writes the model's vectors; returns how many weights are not 0, with the intercepts, and how many are to leave 0. */
  function pose(coordinates: Int32Array, { theta, gradient, penalty }: LassoModel) {
    const intercepts: number[] = [];
    let nonzero = 0;
    let entering = 0;
    for (let a = 0; a < coordinates.length; a++) {
      const i = coordinates[a];
      weights[a] = theta[i];
      slope[a] = gradient[i];
      lasso[a] = i < firstIntercept ? penalty.lasso : 0;
      ridge[a] = i < firstIntercept ? 2 * penalty.ridge : 0;
      if (i >= firstIntercept) intercepts.push(a);
      if (i >= firstIntercept || theta[i] !== 0) nonzero++;
      else if (Math.abs(gradient[i]) > penalty.lasso) entering++;
    }
    centreSlopes(intercepts);
    return { nonzero, entering };
  }

  /** Brings the weights to the model's minimum; returns whether that was finished, see LassoModelMinimum. */
  function toMinimum(coordinates: Int32Array, model: LassoModel): boolean {
    const { nonzero, entering } = pose(coordinates, model);
    if (nonzero + entering <= homotopy.room) {
      const few = entering <= FEW_ENTERING * nonzero;
      if (!few && descend(coordinates, model)) return true;
      if (homotopy.minimize(followed(coordinates.length, model))) return true;
    }
    // What was lost on the way is worthless.
    if (model.isInterrupted?.()) {
      pose(coordinates, model);
      return false;
    }
    return descend(coordinates, model);
  }

  /** The model as posed; the tableau is made anew where it was of too different a ridge. */
  function followed(size: number, { penalty, tolerance, isInterrupted = never }: LassoModel): HomotopyModel {
    if (Math.abs(penalty.ridge - tableauRidge) > RIDGE_DRIFT * tableauRidge) {
      homotopy.reset();
      tableauRidge = penalty.ridge;
    }
    return {
      size,
      weights: weights.byteOffset,
      slope: slope.byteOffset,
      lasso: lasso.byteOffset,
      ridge: ridge.byteOffset,
      lambda: penalty.lasso,
      tolerance,
      isInterrupted,
    };
  }

  /** By coordinate descent; returns whether it reached the tolerance. */
  function descend(coordinates: Int32Array, model: LassoModel): boolean {
    pose(coordinates, model);
    arena.f64(task, 1)[0] = model.tolerance;
    arena
      .u32(task + 8, 10)
      .set([
        coordinates.length,
        hessianStride,
        hessian,
        weights.byteOffset,
        slope.byteOffset,
        lasso.byteOffset,
        ridge.byteOffset,
        MOST_SWEEPS,
        history,
        system,
      ]);
    return kernels.lassoModelDescent(task) < MOST_SWEEPS;
  }

  return {
    homotopy,
    weights,
    slope,
    reset() {
      homotopy.reset();
      tableauRidge = 0;
    },
    stand(coordinates, model) {
      pose(coordinates, model);
      return homotopy.stand(followed(coordinates.length, model));
    },
    solve(coordinates, right, out) {
      for (let a = 0; a < coordinates.length; a++) side[a] = right[coordinates[a]];
      solution.fill(0);
      homotopy.solve(side.byteOffset, solution.byteOffset);
      out.fill(0);
      for (let a = 0; a < coordinates.length; a++) out[coordinates[a]] = solution[a];
    },
    minimize(coordinates, model, direction) {
      const { theta, gradient } = model;
      const finished = toMinimum(coordinates, model);
      direction.fill(0);
      let first = 0;
      let both = 0;
      for (let a = 0; a < coordinates.length; a++) {
        const i = coordinates[a];
        const change = weights[a] - theta[i];
        direction[i] = change;
        const lassoChange = lasso[a] * (Math.abs(weights[a]) - Math.abs(theta[i]));
        first += gradient[i] * change + lassoChange;
        // gᵀd + ½ dᵀHd = ½ (g + slope)ᵀ d
        both += 0.5 * (gradient[i] + slope[a]) * change + lassoChange;
      }
      return { decrease: -both, slope: first, finished };
    },
  };
}
