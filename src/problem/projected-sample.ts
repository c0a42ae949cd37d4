import type { TrainingSet } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence } from '../data/random.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { dataPasses } from './data-passes.ts';
import type { LeadingDirections } from './leading-directions.ts';
import { rowProjections } from './row-projections.ts';
import { drawRows, rowRoom } from './row-sample.ts';

/** Some rows in their coordinates along a few directions, drawn by their curvature at a θ. */
export interface ProjectedSample {
  /** As of sampleRows; a row weighs its own weight over the chance that it had, times the part drawn. */
  readonly rows: TrainingSet;
  /** The rows' probabilities, nRows × classes padded to a multiple of 4. */
  readonly probabilities: Float32Array;
  /** Draws anew at θ: half a pass. */
  draw(theta: Float64Array): void;
}

/** A row that is fit for certain still counts as much: its probabilities are single precision. */
const LEAST = 1e-6;

/**
 * `count` of the rows, with chances proportional to vᵢ Σ_k p_ik (1 − p_ik), the curvature of each row's softmax loss in
 * its scores. Compact rows are read where they lie; others are copied.
 */
export function projectedSample(
  runtime: Runtime,
  all: TrainingSet,
  directions: LeadingDirections,
  count: number,
  seed: number,
): ProjectedSample {
  const { arena } = runtime;
  const { matrix } = all;
  const { nSamples } = matrix;
  const passes = dataPasses(runtime, all, { kind: 'softmax' });
  const { stride, nClasses } = passes.layout;
  const allWeights = all.sampleWeights === 0 ? null : arena.f64(all.sampleWeights, nSamples);
  const random = randomSequence(seed, RANDOM_STREAM.sample);
  const probabilities = arena.allocateF32(count * stride);
  const weights = arena.allocateF64(count);
  const drawn = arena.allocateU32(count);
  const compact = matrix.kind === 'dense' && matrix.compact !== undefined ? matrix : null;
  const copies = compact === null ? rowRoom(arena, all, count) : null;
  const read = copies?.rows.matrix ?? compact;
  if (read === null) throw new TypeError('rows are compact or copied');
  const { projected, project } = rowProjections(runtime, read, directions, compact === null ? null : drawn);
  const curvatures = new Float64Array(nSamples);

  return {
    rows: { ...all, matrix: projected, sampleWeights: weights.byteOffset },
    probabilities,
    draw(theta) {
      const p = passes.probabilities?.(theta);
      if (p === undefined) throw new TypeError('softmax passes keep probabilities');
      for (let i = 0; i < nSamples; i++) {
        let curvature = LEAST;
        for (let at = i * stride; at < i * stride + nClasses; at++) curvature += p[at] * (1 - p[at]);
        curvatures[i] = curvature * (allWeights === null ? 1 : allWeights[i]);
      }
      weights.fill(0);
      let at = 0;
      drawRows(curvatures, count, random, (i, chance) => {
        drawn[at] = i;
        copies?.put(at, i);
        probabilities.set(p.subarray(i * stride, (i + 1) * stride), at * stride);
        weights[at++] = ((allWeights === null ? 1 : allWeights[i]) * count) / (nSamples * chance);
      });
      project();
    },
  };
}
