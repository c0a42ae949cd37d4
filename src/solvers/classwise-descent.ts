import type { ClassHessians } from '../problem/class-hessians.ts';
import { log } from '../problem/elementary.ts';
import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import type { LassoDescent } from './lasso-descent.ts';
import { activeCoordinates, fallsEnough, lassoPoint, MOST_HALVINGS, NEARLY_ACTIVE } from './lasso-point.ts';

/** The Hessians are built anew once the lasso is below this part of the one that they were built at. */
const STALE = 0.5;
/**
 * Conjugate gradients end at this part of the residual, in the metric of the classes' Hessians, or after so many products.
 * The images' elastic net to 1e-4: 0.1 and 6 took 266 steps and 1 535 passes, 0.03 and 10 took 211 and 1 645.
 */
const RESIDUAL = 0.03;
const MOST_PRODUCTS = 10;
/** Pairs of classes of a row are left out of products where a probability is no more than so many times the ridge. */
const NEGLIGIBLE = 3;
/** So many steps in a row that had to be cut mean that what classes share is too much for their own models. */
const MOST_CUT = 3;
/** Of no more than so many tolerances a gap is closed by a step; where the weights would go on to it may be larger. */
const FAR = 10;

/**
 * Proximal Newton for the elastic net by two steps in turn, on models of the joint Hessian and of each class alone. On
 * the weights that are not 0, conjugate gradients with the joint Hessian, matrix-free, preconditioned by the classes'
 * Hessians; from there the model's minimum in the metric of the classes' Hessians, which is found for each class by
 * itself (ActiveHessian) and says which weights enter and leave. What the joint Hessian has beside the classes' own is
 * little: a few products do, where the joint model of thousands of coordinates took hundreds of pivots.
 */
export function classwiseDescent(
  initial: Objective,
  hessians: ClassHessians,
  start: Float64Array,
  precision: Precision,
): LassoDescent {
  const { layout, vectors } = initial;
  const { size } = layout;
  const nWeights = layout.nFeatures * layout.stride;
  const point = lassoPoint(initial, start, precision, true);
  const [way, change, residual, aim, search, product, model, slope, direction, here, earlier] = Array.from(
    { length: 11 },
    () => vectors.zeros(size),
  );
  /** The lasso before the last one, whose solution is in `earlier`. */
  let earlierLasso = 0;
  let builtAt = Number.POSITIVE_INFINITY;
  /** Whether they were built in this step. */
  let fresh = false;
  let cut = 0;
  /** 1 for weights that are not 0 and intercepts, else 0. */
  const isFree = new Uint8Array(size);

  /** Nonzero weights, zero ones whose part of `gradient` passes `bound`, and the intercepts. */
  function active(gradient: Float64Array, bound: number): Int32Array {
    const { theta, objective } = point;
    const { free, entering } = activeCoordinates({ theta, gradient, objective }, bound);
    return Int32Array.from(free.concat(entering));
  }

  /** Whether there was room. */
  function build(gradient: Float64Array): boolean {
    const { lasso } = point.objective.penalty;
    let wanted = active(gradient, NEARLY_ACTIVE * lasso);
    if (!hessians.fits(wanted)) wanted = active(gradient, lasso);
    if (!hessians.fits(wanted)) return false;
    hessians.build(point.theta, wanted);
    builtAt = lasso;
    fresh = true;
    return true;
  }

  /** Whether the Hessians serve still, with what has become active. */
  function extend(gradient: Float64Array): boolean {
    const { lasso } = point.objective.penalty;
    if (lasso < STALE * builtAt) return false;
    if (active(gradient, lasso).every((i) => hessians.has(i))) return true;
    return hessians.extend(active(gradient, NEARLY_ACTIVE * lasso).filter((i) => !hessians.has(i)));
  }

  /** aim ← what the classes' Hessians make of the residual; ⟨residual, aim⟩ */
  function precondition(): number {
    hessians.solve(residual, aim);
    return vectors.dot(residual, aim);
  }

  /** Writes a way on the weights that are not 0, signs kept, and what the joint Hessian makes of it. */
  function conjugateGradients(violation: number, isInterrupted: () => boolean): void {
    const { theta, gradient, objective } = point;
    const { penalty } = objective;
    way.fill(0);
    change.fill(0);
    hessians.stand({ theta, gradient, penalty, tolerance: violation });
    objective.prepareHessian(theta, NEGLIGIBLE * penalty.ridge);
    for (let i = 0; i < size; i++) {
      isFree[i] = i >= nWeights || theta[i] !== 0 ? 1 : 0;
      residual[i] = isFree[i] * (-gradient[i] - (i < nWeights ? penalty.lasso * Math.sign(theta[i]) : 0));
    }
    const first = precondition();
    let rest = first;
    search.set(aim);
    for (let nth = 0; nth < MOST_PRODUCTS && rest > RESIDUAL * RESIDUAL * first; nth++) {
      objective.hessianProduct(search, product);
      const curvature = vectors.dot(search, product);
      if (!(curvature > 0)) return;
      const length = rest / curvature;
      vectors.axpy(length, search, way);
      vectors.axpy(length, product, change);
      if (isInterrupted()) return;
      for (let i = 0; i < size; i++) residual[i] -= isFree[i] * length * product[i];
      const before = rest;
      rest = precondition();
      for (let i = 0; i < size; i++) search[i] = aim[i] + (rest / before) * search[i];
    }
  }

  /**
   * Writes the direction; returns its slope, the lasso included, or null where there is no room for what is active. That is
   * told by the slopes after conjugate gradients: those before say little at a point that was foreseen.
   */
  function propose(violation: number, isInterrupted: () => boolean): number | null {
    const { theta, gradient } = point;
    const { penalty } = point.objective;
    conjugateGradients(violation, isInterrupted);
    for (let i = 0; i < size; i++) {
      model[i] = theta[i] + way[i];
      slope[i] = gradient[i] + change[i];
    }
    if (!extend(slope) && !build(slope)) return null;
    hessians.minimize(
      { theta: model, gradient: slope, penalty, tolerance: violation, isInterrupted },
      direction,
    );
    let sum = 0;
    for (let i = 0; i < size; i++) {
      // A weight that leaves is then exactly 0.
      direction[i] = model[i] + direction[i] - theta[i];
      sum += gradient[i] * direction[i];
      if (i < nWeights) sum += penalty.lasso * (Math.abs(theta[i] + direction[i]) - Math.abs(theta[i]));
    }
    return sum;
  }

  /**
   * Goes from `here`, the last lasso's solution, to where the weights would be if they went on as from `earlier`, linear
   * in log λ, with the supports and signs that both have; back if the objective is more there.
   */
  function foresee(lasso: number, last: number): void {
    const onward = log(lasso / last) / log(last / earlierLasso);
    for (let i = 0; i < size; i++) {
      const way = onward * (here[i] - earlier[i]);
      if (i >= nWeights) model[i] = here[i] + way;
      else if (here[i] * earlier[i] > 0) model[i] = (here[i] + way) * here[i] > 0 ? here[i] + way : 0;
      else model[i] = here[i];
    }
    const before = point.value;
    point.restart('single', model);
    if (!(point.value <= before)) point.restart('single', here);
  }

  return {
    point,
    pose(objective, tolerance) {
      const last = point.objective.penalty.lasso;
      const { lasso } = objective.penalty;
      here.set(point.theta);
      point.pose(objective, tolerance);
      if (!(lasso < last)) return;
      if (last < earlierLasso && point.measure().gap > FAR * tolerance) foresee(lasso, last);
      earlier.set(here);
      earlierLasso = last;
    },
    step(precision, violation, isInterrupted) {
      if (cut >= MOST_CUT) return 'stuck';
      fresh = false;
      if (builtAt === Number.POSITIVE_INFINITY && !build(point.gradient)) return 'crowded';
      let slopeThere = propose(violation, isInterrupted);
      let length = 1;
      for (let halving = 0; halving < MOST_HALVINGS; halving++) {
        if (slopeThere === null) return 'crowded';
        if (
          slopeThere < 0 &&
          fallsEnough(point.look(direction, length, precision), length, slopeThere, point.value)
        ) {
          point.move();
          cut = length < 1 ? cut + 1 : 0;
          return 'moved';
        }
        if (point.known !== precision && precision === 'double') {
          // Two values of different precision are compared no further.
          point.restart(precision);
          slopeThere = propose(violation, isInterrupted);
        } else if (!fresh) {
          if (!build(point.gradient)) return 'crowded';
          slopeThere = propose(violation, isInterrupted);
        } else {
          length /= 2;
        }
      }
      return 'stuck';
    },
  };
}
