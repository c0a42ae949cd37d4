import type { TrainingSet } from '../data/design-matrix.ts';
import { randomBlock } from '../data/random.ts';
import { UnsupportedError } from '../errors.ts';
import { exp, log1p } from '../problem/elementary.ts';
import { type ParameterLayout, parameterLayout } from '../problem/parameters.ts';
import type { Loss } from '../problem/problem.ts';
import type { Arena } from '../runtime/arena.ts';

/** Which masks a pass draws: a mask is a pure function of these, the row and the entry's place in it. */
export interface MaskSource {
  readonly seed: number;
  readonly stream: number;
  readonly epoch: number;
}

/** Rows of a training set under dropout: each entry is zeroed with probability p, the rest divided by 1 − p. */
export interface DropoutRows {
  readonly layout: ParameterLayout;
  readonly nSamples: number;
  /** Entries per row that are stored, on average. */
  readonly meanEntries: number;
  /** (1/n) Σ vᵢ E[x̃ᵢⱼ²] by feature: the second moments under the masks. */
  secondMoments(): Float64Array;
  /**
   * Σ vᵢ ℓ(W x̃ᵢ + b, yᵢ) over the rows `order[begin … end − 1]` (or begin … end − 1 themselves) under the
   * source's masks; adds its gradient to `gradient` where one is given.
   */
  lossSum(
    theta: Float64Array,
    rows: { readonly order: Uint32Array | null; readonly begin: number; readonly end: number },
    masks: MaskSource,
    gradient: Float64Array | null,
  ): number;
}

/** Throws UnsupportedError for a sparse matrix with implicit centres: its zeros are no zeros. */
export function dropoutRows(
  arena: Arena,
  trainingSet: TrainingSet,
  loss: Loss,
  dropout: number,
): DropoutRows {
  const { matrix, nClasses: K } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const layout = parameterLayout(d, K);
  const stride = layout.stride;
  const labels = arena.u32(trainingSet.labels, n);
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  if (matrix.kind === 'sparse' && matrix.center !== 0) {
    throw new UnsupportedError('dropout on sparse rows needs standardize false');
  }
  const dense = matrix.kind === 'dense' ? arena.f32(matrix.values, n * matrix.stride) : null;
  const denseStride = matrix.kind === 'dense' ? matrix.stride : 0;
  const rowStarts = matrix.kind === 'sparse' ? arena.u32(matrix.rowStarts, n + 1) : new Uint32Array(0);
  const rowIndices =
    matrix.kind === 'sparse' ? arena.u32(matrix.rowIndices, matrix.nonzeros) : new Uint32Array(0);
  const rowValues =
    matrix.kind === 'sparse' ? arena.f32(matrix.rowValues, matrix.nonzeros) : new Float32Array(0);
  const bias = d * stride;

  // The row at hand: its entries that were kept, its scores and residuals.
  const features = new Uint32Array(d);
  const values = new Float64Array(d);
  const scores = new Float64Array(K);
  const dropped = mask(dropout);
  const scale = 1 / (1 - dropout);

  /** Zeros of a dense row are passed over like those of a sparse one, so both have the same masks. */
  function keptEntries(i: number, masks: MaskSource | null): number {
    if (masks !== null) dropped.begin(masks, i, n);
    let count = 0;
    if (dense !== null) {
      const at = i * denseStride;
      for (let j = 0; j < d; j++) {
        const value = dense[at + j];
        if (value === 0 || (masks !== null && dropped.next())) continue;
        features[count] = j;
        values[count++] = value * scale;
      }
      return count;
    }
    for (let t = rowStarts[i]; t < rowStarts[i + 1]; t++) {
      if (masks !== null && dropped.next()) continue;
      features[count] = rowIndices[t];
      values[count++] = rowValues[t] * scale;
    }
    return count;
  }

  return {
    layout,
    nSamples: n,
    meanEntries: dense === null ? rowValues.length / n : d,
    secondMoments() {
      const moments = new Float64Array(d);
      for (let i = 0; i < n; i++) {
        const v = weights === null ? 1 : weights[i];
        const count = keptEntries(i, null);
        // E[x̃²] = (1 − p) (x / (1 − p))²
        for (let t = 0; t < count; t++)
          moments[features[t]] += (v * values[t] * values[t] * (1 - dropout)) / n;
      }
      return moments;
    },
    lossSum(theta, { order, begin, end }, masks, gradient) {
      let sum = 0;
      for (let r = begin; r < end; r++) {
        const i = order === null ? r : order[r];
        const v = weights === null ? 1 : weights[i];
        const count = keptEntries(i, masks);
        for (let k = 0; k < K; k++) scores[k] = theta[bias + k];
        for (let t = 0; t < count; t++) {
          const value = values[t];
          const at = features[t] * stride;
          for (let k = 0; k < K; k++) scores[k] += value * theta[at + k];
        }
        sum += v * lossOfScores(loss, scores, labels[i]);
        if (gradient === null) continue;
        for (let k = 0; k < K; k++) {
          scores[k] *= v;
          gradient[bias + k] += scores[k];
        }
        for (let t = 0; t < count; t++) {
          const value = values[t];
          const at = features[t] * stride;
          for (let k = 0; k < K; k++) gradient[at + k] += value * scores[k];
        }
      }
      return sum;
    },
  };
}

/** ℓ(s, y); the scores are overwritten with ∂ℓ/∂s. */
function lossOfScores(loss: Loss, scores: Float64Array, y: number): number {
  const K = scores.length;
  if (loss.kind === 'hinge') {
    const threshold = scores[y] - loss.margin;
    let sum = 0;
    let violations = 0;
    for (let k = 0; k < K; k++) {
      const violation = k === y ? 0 : scores[k] - threshold;
      scores[k] = violation > 0 ? 1 : 0;
      if (violation > 0) {
        sum += violation;
        violations++;
      }
    }
    scores[y] = -violations;
    return sum;
  }
  let best = 0;
  for (let k = 1; k < K; k++) if (scores[k] > scores[best]) best = k;
  const top = scores[best];
  const behind = top - scores[y];
  let others = 0;
  for (let k = 0; k < K; k++) {
    const e = exp(scores[k] - top);
    scores[k] = e;
    if (k !== best) others += e;
  }
  for (let k = 0; k < K; k++) scores[k] /= 1 + others;
  scores[y] -= 1;
  return log1p(others) + behind;
}

/** Epochs in which an entry's uniform numbers fall once into each of as many equal parts of [0, 1). */
const STRATA = 16;

/**
 * Random decisions "dropped?" for the entries of one row. A Philox block for (seed, stream, group of 16
 * epochs, row) seeds sfc32 (Doty-Humphrey, PractRand), which costs a tenth of a block for each word.
 *
 * An entry has one word w in a group, and in its e-th epoch the uniform number w + e · a · 2²⁸ (mod 2³²), a
 * odd and out of w: a Latin hypercube over the epochs (McKay, Beckman & Conover 1979). Each mask by itself is
 * as if drawn freely, but over the epochs an entry is dropped as often as it should be (8 × 8 digits, p = ½:
 * about 1.4 × fewer epochs to the same objective).
 */
function mask(dropout: number) {
  const threshold = Math.round(dropout * 4294967296);
  const block = new Uint32Array(4);
  let a = 0;
  let b = 0;
  let c = 0;
  let counter = 0;
  let place = 0;
  return {
    begin({ seed, stream, epoch }: MaskSource, row: number, nRows: number) {
      place = epoch % STRATA;
      randomBlock(seed, stream, Math.floor(epoch / STRATA) * nRows + row, block);
      a = block[0] | 0;
      b = block[1] | 0;
      c = block[2] | 0;
      counter = block[3] | 0;
    },
    next(): boolean {
      const word = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + word) | 0;
      const uniform = (word + Math.imul(place, ((word & 15) | 1) << 28)) >>> 0;
      return uniform < threshold;
    },
  };
}
