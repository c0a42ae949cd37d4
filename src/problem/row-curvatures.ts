import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dataPasses } from './data-passes.ts';

/** A row that is fit for certain still counts as much: its probabilities are single precision. */
const LEAST = 1e-6;

/** vᵢ Σ_k p_ik (1 − p_ik), the curvature of each row's softmax loss in its scores, at a θ: half a pass. */
export function rowCurvatures(runtime: Runtime, data: TrainingSet): (theta: Float64Array) => Float64Array {
  const { nSamples } = data.matrix;
  const passes = dataPasses(runtime, data, { kind: 'softmax' });
  const { stride, nClasses } = passes.layout;
  const weights = data.sampleWeights === 0 ? null : runtime.arena.f64(data.sampleWeights, nSamples);
  const curvatures = new Float64Array(nSamples);
  return (theta) => {
    const probabilities = passes.probabilities?.(theta);
    if (probabilities === undefined) throw new TypeError('softmax passes keep probabilities');
    for (let i = 0; i < nSamples; i++) {
      let curvature = LEAST;
      for (let k = 0; k < nClasses; k++) {
        const p = probabilities[i * stride + k];
        curvature += p * (1 - p);
      }
      curvatures[i] = curvature * (weights === null ? 1 : weights[i]);
    }
    return curvatures;
  };
}
