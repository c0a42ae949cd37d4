import type { ArrayData } from '../../src/model/fit-data.ts';

/** Reproducible numbers in [−1, 1). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export interface Samples extends ArrayData {
  readonly X: { readonly values: Float64Array; readonly nSamples: number; readonly nFeatures: number };
  readonly y: string[];
}

/** Overlapping classes a, b, c … around centres of their own, columns of very different scales. */
export function overlappingClasses(
  nSamples: number,
  nFeatures: number,
  nClasses: number,
  seed: number,
): Samples {
  const next = numbers(seed);
  const centres = Float64Array.from({ length: nClasses * nFeatures }, () => 1.5 * next());
  const values = new Float64Array(nSamples * nFeatures);
  const y: string[] = [];
  for (let i = 0; i < nSamples; i++) {
    const k = i % nClasses;
    y.push(String.fromCharCode(97 + k));
    for (let j = 0; j < nFeatures; j++) {
      const noise = next() + next() + next();
      values[i * nFeatures + j] = 10 ** ((j % 3) - 1) * (centres[k * nFeatures + j] + noise + j);
    }
  }
  return { X: { values, nSamples, nFeatures }, y };
}

export function rowsOf({ X }: Samples): number[][] {
  const { values, nSamples, nFeatures } = X;
  return Array.from({ length: nSamples }, (_, i) =>
    Array.from(values.subarray(i * nFeatures, (i + 1) * nFeatures)),
  );
}
