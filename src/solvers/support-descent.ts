import type { ActiveHessian } from '../problem/active-hessian.ts';
import { log } from '../problem/elementary.ts';
import type { Objective } from '../problem/objective.ts';
import type { SupportModel } from '../problem/support-model.ts';
import { type DescentSettings, type LassoDescent, lassoDescent } from './lasso-descent.ts';
import { activeCoordinates, fallsEnough, lassoPoint, MOST_HALVINGS } from './lasso-point.ts';

/** Products with the Hessian in a step: more take longer than a Hessian and what is made of it. */
const MOST_PRODUCTS = 100;

/**
 * Proximal Newton for an elastic net on few rows: each step minimizes the model of the Hessian at the point itself, by
 * products with it, which are cheaper there than what a Hessian kept from step to step takes to be made, corrected and
 * followed. A λ's first model begins where the weights would be if they went on as between the last two. Where a model
 * takes too many products `lassoDescent` goes on.
 */
export function supportDescent(
  initial: Objective,
  supportModel: SupportModel,
  hessian: ActiveHessian,
  start: Float64Array,
  settings: DescentSettings,
): LassoDescent {
  const { layout, vectors } = initial;
  const nWeights = layout.nFeatures * layout.stride;
  const point = lassoPoint(initial, start, settings.precision, false);
  const [direction, here, earlier, from] = Array.from({ length: 4 }, () => vectors.zeros(layout.size));
  /** The lasso before the last one, whose solution is in `earlier`. */
  let earlierLasso = 0;
  /** How far a λ's first model goes on, as part of the way from `earlier`. */
  let onward = 0;
  /** How many passes there were when the last certificate here was made, whose residuals stand until the next. */
  let standsAfter = settings.precision === 'double' ? initial.passes : Number.NaN;
  let asked = 0;
  let joint: LassoDescent | null = null;

  /** Writes to `from` where the weights would be, with the support that they have. */
  function foresee(coordinates: readonly number[]): void {
    const { theta } = point;
    for (const i of coordinates) {
      const next = theta[i] + onward * (theta[i] - earlier[i]);
      from[i] = i >= nWeights || (theta[i] * earlier[i] > 0 && theta[i] * next > 0) ? next : theta[i];
    }
    onward = 0;
  }

  /** Writes the direction; returns its slope, the lasso included, or null where the model is too large or took too long. */
  function propose(tolerance: number): number | null {
    const { theta, gradient, objective } = point;
    const { penalty } = objective;
    const { free, entering } = activeCoordinates(point, penalty.lasso);
    const coordinates = free.concat(entering).sort((a, b) => a - b);
    // A model is one call of a kernel, which hears of no limit: 559 467 coordinates of 300 rows took 5.7 s.
    if (coordinates.length > hessian.capacity) return null;
    foresee(coordinates);
    const stands = standsAfter === objective.passes;
    supportModel.stand(theta, stands ? objective.residuals : null);
    const model = { theta, gradient, penalty, tolerance };
    const products = supportModel.minimize(model, coordinates, from, MOST_PRODUCTS, direction);
    if (products === null) return null;
    let slope = 0;
    for (const i of coordinates) {
      slope += gradient[i] * direction[i];
      if (i < nWeights) slope += penalty.lasso * (Math.abs(theta[i] + direction[i]) - Math.abs(theta[i]));
    }
    return slope;
  }

  /** The other descent, from here on. */
  function goOn(): LassoDescent {
    const theta = vectors.zeros(layout.size);
    theta.set(point.theta);
    joint = lassoDescent(point.objective, hessian, theta, settings);
    joint.pose(point.objective, asked);
    return joint;
  }

  return {
    get point() {
      return joint === null ? point : joint.point;
    },
    pose(objective, tolerance) {
      asked = tolerance;
      if (joint !== null) return joint.pose(objective, tolerance);
      const last = point.objective.penalty.lasso;
      const { lasso } = objective.penalty;
      point.pose(objective, tolerance);
      earlier.set(here);
      here.set(point.theta);
      onward = lasso < last && last < earlierLasso ? log(lasso / last) / log(last / earlierLasso) : 0;
      earlierLasso = last;
    },
    step(precision, violation, isInterrupted) {
      if (joint !== null) return joint.step(precision, violation, isInterrupted);
      let slope = propose(violation);
      let length = 1;
      for (let halving = 0; halving < MOST_HALVINGS; halving++) {
        if (isInterrupted()) return 'stuck';
        if (slope === null) return goOn().step(precision, violation, isInterrupted);
        if (!(slope < 0)) return 'stuck';
        if (fallsEnough(point.look(direction, length, precision), length, slope, point.value)) {
          point.move();
          standsAfter = precision === 'double' ? point.objective.passes : Number.NaN;
          return 'moved';
        }
        if (point.known !== precision && precision === 'double') {
          // Two values of different precision are compared no further.
          point.restart(precision);
          slope = propose(violation);
        } else length /= 2;
      }
      return 'stuck';
    },
  };
}
