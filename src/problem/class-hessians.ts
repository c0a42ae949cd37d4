import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ActiveHessian, activeHessian } from './active-hessian.ts';
import type { LassoModel } from './active-models.ts';
import { type ParameterLayout, scoreLayout } from './parameters.ts';

/**
 * The Hessian of the softmax loss at some θ without what classes share: for each class by itself that of its active
 * coordinates, vᵢ p (1 − p) being the weights of its rows.
 */
export interface ClassHessians {
  /** Whether it was built for the coordinate of θ. */
  has(coordinate: number): boolean;
  /** Whether there is room for the Hessians of these coordinates of θ. */
  fits(coordinates: Int32Array): boolean;
  /** Takes the rows' weights at θ (half a pass) and builds the Hessians of these coordinates, which must fit. */
  build(theta: Float64Array, coordinates: Int32Array): void;
  /** Adds coordinates, with the weights of the last build; false where there is no more room, and nothing was added. */
  extend(coordinates: Int32Array): boolean;
  /** Makes the support that `solve` is on that of the model's θ. */
  stand(model: LassoModel): void;
  /** Writes (H + 2 ridge)⁻¹ · right, both on the support, into `out`, else 0. The ridge may be an earlier model's. */
  solve(right: Float64Array, out: Float64Array): void;
  /** Minimizes each class's model around θ by itself; writes the way there into `direction`, else 0. */
  minimize(model: LassoModel, direction: Float64Array): void;
}

/** Numbers of 4 bytes for all classes: 0.5 GB. */
const MOST_NUMBERS = 2 ** 27;
/** A class's work space beside its Hessian, its tableau and its copy of columns. */
const WORK_SPACE = 2 ** 20;
/** A class's rows are drawn from those of curvature, so many for each of its coordinates. */
const ROWS_EACH = 25;
/** A class whose rows' mean curvature is no more has none in single precision: it is left as it is. */
const NO_CURVATURE = 1e-7;

/** Whether there is room for class Hessians on most columns of dense rows. */
export function suitsClassHessians(nSamples: number, { nFeatures, nClasses }: ParameterLayout): boolean {
  const rows = Math.min(nSamples, Math.max(4000, ROWS_EACH * nFeatures));
  return nClasses * (2 * nFeatures ** 2 + rows * nFeatures + WORK_SPACE) <= MOST_NUMBERS;
}

interface OneClass {
  readonly hessian: ActiveHessian;
  /** Vectors over the class's weights and its intercept. */
  readonly theta: Float64Array;
  readonly gradient: Float64Array;
  readonly direction: Float64Array;
  /** Whether it has curvature where the Hessians were built. */
  counts: boolean;
}

/** `probabilities` as in DataPasses. What is allocated lives until the caller releases the arena. */
export function classHessians(
  runtime: Runtime,
  trainingSet: TrainingSet,
  { nClasses, stride, nFeatures }: ParameterLayout,
  probabilities: (theta: Float64Array) => Float32Array,
): ClassHessians {
  const nSamples = trainingSet.matrix.nSamples;
  const layout = scoreLayout(nFeatures);
  const column = new Float32Array(nSamples);
  const vector = () => new Float64Array(layout.size);
  const classes = Array.from({ length: nClasses }, (): OneClass => {
    const hessian = activeHessian(runtime, trainingSet, layout, () => column);
    return { hessian, theta: vector(), gradient: vector(), direction: vector(), counts: false };
  });

  function take(from: Float64Array, k: number, to: Float64Array): void {
    for (let j = 0, i = k; j < layout.size; j++, i += stride) to[j] = from[i];
  }

  function put(from: Float64Array, to: Float64Array, k: number): void {
    for (let j = 0, i = k; j < layout.size; j++, i += stride) to[i] = from[j];
  }

  function ofClass(coordinates: Int32Array, k: number): Int32Array {
    return coordinates.filter((i) => i % stride === k).map((i) => Math.floor(i / stride));
  }

  function modelOf(k: number, { theta, gradient, ...model }: LassoModel): LassoModel {
    const own = classes[k];
    take(theta, k, own.theta);
    take(gradient, k, own.gradient);
    return { ...model, theta: own.theta, gradient: own.gradient };
  }

  return {
    has: (i) => classes[i % stride].hessian.has(Math.floor(i / stride)),
    fits: (coordinates) =>
      classes.every(({ hessian }, k) => ofClass(coordinates, k).length <= hessian.capacity),
    build(theta, coordinates) {
      const P = probabilities(theta).slice();
      for (const [k, own] of classes.entries()) {
        let curvature = 0;
        for (let i = 0; i < nSamples; i++) {
          const p = P[i * stride + k];
          column[i] = p;
          curvature += p * (1 - p);
        }
        own.counts = curvature > NO_CURVATURE * nSamples;
        own.hessian.build(theta, ofClass(coordinates, k), ROWS_EACH);
      }
    },
    extend(coordinates) {
      const added = classes.map((_, k) => ofClass(coordinates, k));
      if (!classes.every(({ hessian }, k) => added[k].length === 0 || hessian.canExtend(added[k].length))) {
        return false;
      }
      for (const [k, { hessian }] of classes.entries()) if (added[k].length > 0) hessian.extend(added[k]);
      return true;
    },
    stand(model) {
      for (const [k, { hessian, counts }] of classes.entries()) if (counts) hessian.stand(modelOf(k, model));
    },
    solve(right, out) {
      out.fill(0);
      for (const [k, { hessian, gradient, direction, counts }] of classes.entries()) {
        if (!counts) continue;
        take(right, k, gradient);
        hessian.solve(gradient, direction);
        put(direction, out, k);
      }
    },
    minimize(model, direction) {
      direction.fill(0);
      for (const [k, { hessian, direction: own, counts }] of classes.entries()) {
        if (!counts) continue;
        hessian.minimize(modelOf(k, model), own);
        put(own, direction, k);
      }
    },
  };
}
