import type { DataPasses } from '../problem/passes.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** The centres a of the smoothed hinge from round to round, see smoothing.ts. */
export interface MovingCentres {
  /**
   * The hinge's α at θ become the centres. With `extrapolate`, θ and they go on by MOMENTUM of what they moved by since
   * the last call, the centres within 0 … 1.
   */
  move(theta: Float64Array, extrapolate: boolean): void;
}

/**
 * Image-like rows (10 000 × 784, 10 classes), Hessian products at C = 1, 3, 10 and 30: without 215, -, 1 335 and -, with
 * 0.3 198, -, 968 and -, with 0.5 189, 497, 883 and 1 861, with 0.7 290, 623, 1 324 and 2 281.
 */
const MOMENTUM = 0.5;

/**
 * Proximal points with momentum, if `hasMomentum`; without there are no last centres to keep, nSamples × stride. Source:
 * Güler, New proximal point algorithms for convex minimization, SIAM J. Optim. 2 (1992), with one factor for all rounds.
 */
export function movingCentres({ arena }: Runtime, passes: DataPasses, hasMomentum: boolean): MovingCentres {
  const { layout, nSamples, hinge } = passes;
  if (!hasMomentum) return { move: (theta) => passes.recentre(theta) };
  const length = hinge === undefined ? 0 : nSamples * layout.stride;
  const centres = arena.f32(hinge?.centres ?? 0, length);
  const lastCentres = arena.allocateF32(length);
  const lastTheta = arena.allocateF64(layout.size);
  let rounds = 0;

  return {
    move(theta, extrapolate) {
      passes.recentre(theta);
      const momentum = extrapolate && rounds > 0 ? MOMENTUM : 0;
      for (let i = 0; i < length; i++) {
        const alpha = centres[i];
        centres[i] = Math.min(Math.max(alpha + momentum * (alpha - lastCentres[i]), 0), 1);
        lastCentres[i] = alpha;
      }
      for (let i = 0; i < theta.length; i++) {
        const at = theta[i];
        theta[i] += momentum * (at - lastTheta[i]);
        lastTheta[i] = at;
      }
      rounds++;
    },
  };
}
