import type { Runtime } from '../runtime/runtime.ts';
import { gapReport } from './certificate.ts';
import { interceptSlack, isAbsent, softmaxMoments } from './class-moments.ts';
import { classFrequencies } from './column-scales.ts';
import { exp, log } from './elementary.ts';
import { wholeCurvature } from './intercept-curvature.ts';
import { descendIntercepts, maxAbs } from './intercept-step.ts';
import type { CertifiedPoint } from './objective.ts';
import { parameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';
import { type Expansion, type RowProducts, UNIT } from './row-space.ts';

/** From the inner optimum one or two steps do. */
const MAXIMUM_INTERCEPT_STEPS = 20;
/** Below this a mean of residuals is rounding. */
const RESIDUAL_NOISE = 1e-15;
/**
 * Terms of ∇²_b, n K² of them, one by one on this thread: with 600 rows and 400 classes 1.7 s where a pass over 1 500
 * features and its certificate take 0.3.
 */
const MOST_HESSIAN_TERMS = 1e7;

/**
 * Certifies θ = (W, b) with W = Xᵀ B + D, for softmax under L2, by its scores and the products of the rows, without a pass:
 * with residuals U at the scores, ∇_W L = Xᵀ E + 2 ridge D, E = U / n + 2 ridge B, and
 *
 *   ‖X̂ᵀ E‖² = Σₖ eₖᵀ X̂ X̂ᵀ eₖ ≤ Σₖ eₖᵀ Ĝ eₖ + error · (Σᵢ |eᵢₖ| ‖x̂ᵢ‖)² + underflow · (Σᵢ |eᵢₖ|)²
 *   ‖(X − X̂)ᵀ eₖ‖ ≤ Σᵢ |eᵢₖ| (rowError · ‖xᵢ‖ + rowUnderflow)
 *   ‖dₖ‖ ≤ the expansion's error · Σᵢ |bᵢₖ| ‖xᵢ‖
 *
 * where Ĝ is X̂ X̂ᵀ up to `error` and `underflow`. The objective is in double precision, and so is the bound but for Ĝ,
 * whose error it is charged. The intercepts are moved to their optimum first. `stationarity` is at most what is told. Null where a class
 * has no samples, whose intercept has no optimum, where ∇²_b has too many terms, and where there is no step for b.
 */
export function rowSpaceCertificate(
  runtime: Runtime,
  { trainingSet, penalty: { ridge, lasso }, loss, intercept }: Problem,
  theta: Float64Array,
  { coefficients, scores, stride, error: weightError }: Expansion,
  { values: G, rowStride, error, underflow, rowError, rowUnderflow }: RowProducts,
): CertifiedPoint | null {
  const { arena, kernels } = runtime;
  const { matrix, labels, sampleWeights, nClasses: K } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  if (intercept && n * K * K > MOST_HESSIAN_TERMS) return null;
  const layout = parameterLayout(d, K);
  const nWeights = d * layout.stride;
  const y = arena.u32(labels, n);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, n);
  const b = theta.subarray(nWeights, nWeights + K);
  const U = new Float64Array(n * K);
  const residual = new Float64Array(K);
  const hessian = new Float64Array(intercept ? K * K : 0);
  const p = new Float64Array(K);
  const charged = error + 4 * n * UNIT;
  const lengths = new Float64Array(n);
  let meanSquare = 0;
  for (let i = 0; i < n; i++) {
    const length = Math.sqrt((G[i * rowStride + i] + underflow) / (1 - error));
    lengths[i] = (length + rowUnderflow) / (1 - rowError);
    meanSquare += ((v === null ? 1 : v[i]) * lengths[i] * lengths[i]) / n;
  }
  let meanLoss = 0;
  let dual = 0;

  /** Residuals, loss, mean entropy and ∇_b, ∇²_b at b. */
  function evaluate(): void {
    meanLoss = 0;
    dual = 0;
    residual.fill(0);
    hessian.fill(0);
    for (let i = 0; i < n; i++) {
      const weight = (v === null ? 1 : v[i]) / n;
      let top = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < K; k++) top = Math.max(top, scores[i * stride + k] + b[k]);
      let sum = 0;
      for (let k = 0; k < K; k++) {
        p[k] = exp(scores[i * stride + k] + b[k] - top);
        sum += p[k];
      }
      const logSum = log(sum);
      let meanScore = 0;
      for (let k = 0; k < K; k++) {
        p[k] /= sum;
        meanScore += p[k] * (scores[i * stride + k] + b[k] - top);
      }
      meanLoss += weight * (logSum - (scores[i * stride + y[i]] + b[y[i]] - top));
      dual += weight * (logSum - meanScore);
      for (let k = 0; k < K; k++) {
        const u = weight * (p[k] - (k === y[i] ? 1 : 0));
        U[i * K + k] = u;
        residual[k] += u;
        for (let l = 0; l < K && intercept; l++) {
          if (l === k) continue;
          const product = weight * p[k] * p[l];
          hessian[k * K + l] -= product;
          hessian[k * K + k] += product;
        }
      }
    }
  }

  /** ‖Xᵀ E‖₂, at most. */
  function gradientNorm(): number {
    const mark = arena.mark();
    const e = arena.allocateF64(n);
    let squares = 0;
    let rowSquares = 0;
    let weightSquares = 0;
    for (let k = 0; k < K; k++) {
      let sum = 0;
      let sumOfLengths = 0;
      let off = 0;
      for (let i = 0; i < n; i++) {
        e[i] = U[i * K + k] + 2 * ridge * coefficients[i * stride + k];
        sum += Math.abs(e[i]);
        sumOfLengths += Math.abs(e[i]) * lengths[i];
        off += weightError * Math.abs(coefficients[i * stride + k]) * lengths[i];
      }
      for (let i = 0; i < n; i++) {
        const row = G.byteOffset + 8 * i * rowStride;
        squares += e[i] * (2 * kernels.dot(row, e.byteOffset, i) + G[i * rowStride + i] * e[i]);
      }
      squares += charged * sumOfLengths * sumOfLengths + underflow * sum * sum;
      weightSquares += (2 * ridge * off) ** 2;
      rowSquares += (rowError * sumOfLengths + rowUnderflow * sum) ** 2;
    }
    arena.release(mark);
    return Math.sqrt(Math.max(0, squares)) + Math.sqrt(rowSquares) + Math.sqrt(weightSquares);
  }

  const frequencies = classFrequencies(runtime, trainingSet);
  const moments = softmaxMoments(meanSquare, meanSquare, frequencies);
  if (frequencies.some((_, k) => isAbsent(moments, k))) return null;
  evaluate();
  if (intercept) {
    const isGood = () => maxAbs(residual) <= RESIDUAL_NOISE;
    const curvature = wholeCurvature(hessian, K);
    const before = b.slice();
    descendIntercepts({ b, residual, curvature, evaluate, isGood }, MAXIMUM_INTERCEPT_STEPS);
    if (!b.every(Number.isFinite)) {
      b.set(before);
      return null;
    }
  }

  const squares = kernels.dot(theta.byteOffset, theta.byteOffset, nWeights);
  const norm = gradientNorm();
  const gradientSquares = (norm + 2 * ridge * Math.sqrt(squares)) ** 2;
  // Of W's part only the terms are asked for.
  const gradient = arena.f64(arena.allocateUnset(layout.size * 8), layout.size);
  gradient.fill(0, nWeights);
  if (intercept) gradient.set(residual, nWeights);
  const { objective, lowerBound, stationarity } = gapReport(
    {
      theta,
      gradient,
      layout,
      penalty: { ridge, lasso },
      loss,
      pass: { loss: meanLoss, dual },
      slack: intercept ? interceptSlack(moments, residual) : null,
      terms: {
        squares,
        absolutes: 0,
        product: 0,
        penaltyGap: (norm * norm) / (4 * ridge),
        conjugate: gradientSquares,
        gradientSquares,
        gradientMax: Math.sqrt(gradientSquares),
        weightStationarity: norm,
      },
    },
    null,
  );
  const relativeGap = (objective - lowerBound) / Math.max(objective, Number.MIN_VALUE);
  return { objective, certificate: { objective, lowerBound, relativeGap }, stationarity };
}
