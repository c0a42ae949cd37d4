import type { Standardization } from '../data/design-matrix.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { FewWeights } from './classifier-state.ts';

/** W and b in original units: nClasses × nFeatures row-major, and nClasses. */
export interface OriginalWeights {
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/** As in kernels/original-units.ts. */
const SHARD_CLASSES = 8;

/**
 * Folds standardization back into the weights of θ, in the kernels' memory: with z = (x − mean) / scale,
 *   W_orig = W / scale,   b_orig = b − Σ_j W_j mean_j / scale_j
 */
export function toOriginalUnits(
  { arena, run }: Pick<Runtime, 'arena' | 'run'>,
  theta: Float64Array,
  { nFeatures, nClasses, stride }: ParameterLayout,
  standardization: Standardization | null,
): OriginalWeights {
  const mark = arena.mark();
  const room = (length: number) => arena.f64(arena.allocateUnset(length * 8), length);
  const placed = (values: Float64Array | undefined) => {
    if (values === undefined) return 0;
    const copy = room(values.length);
    copy.set(values);
    return copy.byteOffset;
  };
  const weights = room(nClasses * nFeatures);
  const intercepts = room(nClasses);
  const [mean, scale] = [placed(standardization?.mean), placed(standardization?.scale)];
  const task = arena.allocateU32(8);
  task.set([nFeatures, nClasses, stride, theta.byteOffset, mean, scale]);
  task.set([weights.byteOffset, intercepts.byteOffset], 6);
  run('originalUnits', task.byteOffset, Math.ceil(nClasses / SHARD_CLASSES));
  const original = { weights: weights.slice(), intercepts: intercepts.slice() };
  arena.release(mark);
  return original;
}

/** toOriginalUnits where only `features` have weights. */
export function fewInOriginalUnits(
  theta: Float64Array,
  { nFeatures, nClasses, stride }: ParameterLayout,
  standardization: Standardization | null,
  features: Uint32Array,
): { readonly weights: FewWeights; readonly intercepts: Float64Array } {
  const count = features.length;
  const values = new Float64Array(nClasses * count);
  const intercepts = theta.slice(nFeatures * stride, nFeatures * stride + nClasses);
  for (let f = 0; f < count; f++) {
    const j = features[f];
    for (let k = 0; k < nClasses; k++) {
      let w = theta[j * stride + k];
      if (w === 0) continue;
      if (standardization !== null) {
        w /= standardization.scale[j];
        intercepts[k] -= w * standardization.mean[j];
      }
      values[k * count + f] = w;
    }
  }
  return { weights: { features, values }, intercepts };
}

/** The inverse: writes θ for weights in original units. Without `intercept` b becomes 0. */
export function fromOriginalUnits(
  { weights, intercepts }: OriginalWeights,
  { nFeatures, nClasses, stride }: ParameterLayout,
  standardization: Standardization | null,
  intercept: boolean,
  theta: Float64Array,
): void {
  for (let k = 0; k < nClasses; k++) {
    let b = intercepts[k];
    for (let j = 0; j < nFeatures; j++) {
      const w = weights[k * nFeatures + j];
      theta[j * stride + k] = w * (standardization?.scale[j] ?? 1);
      if (standardization !== null) b += w * standardization.mean[j];
    }
    theta[nFeatures * stride + k] = intercept ? b : 0;
  }
}
