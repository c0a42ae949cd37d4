import type { DesignMatrix } from '../data/design-matrix.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import type { Arena } from '../runtime/arena.ts';
import { factorize, solveFactorized } from './interior-point-factor.ts';

/**
 * The hinge and the lasso as one convex program: min Σ_m c_m max(0, r_m) + ridge ΣW² + linear, r_m affine in the
 * unknowns. A lasso term is λ|w| = 2λ max(0, w) − λ w. With ξ ≥ max(0, r), t = ξ − r and multipliers 0 < a < c:
 *
 *   a t = μ,  (c − a) ξ = μ,  2 ridge W + Σ a ∂r + linear = 0,      μ → 0
 */
export interface HingeProgram {
  /** One predictor-corrector step; false where rounding allows none. */
  step(): boolean;
  /** θ of the unknowns, and the multipliers' gradient (1/n) Σ vᵢ uᵢ xᵢᵀ; the mean hinge at θ and the dual's data part. */
  evaluate(theta: Float64Array, gradient: Float64Array): { readonly loss: number; readonly dual: number };
}

/** How near a step may go to the boundary. */
const TO_BOUNDARY = 0.995;

export function hingeProgram(
  arena: Arena,
  { trainingSet, penalty, intercept }: Problem,
  { nFeatures, nClasses, stride }: ParameterLayout,
  margin: number,
): HingeProgram {
  const { matrix } = trainingSet;
  const { ridge, lasso } = penalty;
  const n = matrix.nSamples;
  const labels = arena.u32(trainingSet.labels, n);
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const D = nFeatures + (intercept ? 1 : 0);
  const rows = plainRows(arena, matrix, intercept);

  // Samples that count; with an intercept also classes that occur (the others' intercepts go to −∞).
  const samples: number[] = [];
  const mass = new Float64Array(nClasses);
  for (let i = 0; i < n; i++) {
    const v = weights === null ? 1 : weights[i];
    if (v > 0) samples.push(i);
    mass[labels[i]] += v / n;
  }
  const classes = Array.from(mass.keys()).filter((k) => mass[k] > 0 || !intercept);
  const K = classes.length;
  const slotOf = new Int32Array(nClasses).fill(-1);
  classes.forEach((k, slot) => {
    slotOf[k] = slot;
  });
  const unknowns = K * D;
  const nRowTerms = samples.length * K;
  const nTerms = nRowTerms + (lasso > 0 ? K * nFeatures : 0);

  const c = new Float64Array(nTerms);
  const a = new Float64Array(nTerms);
  const xi = new Float64Array(nTerms);
  const r = new Float64Array(nTerms);
  const z = new Float64Array(unknowns);
  const least = classes.reduce((m, k) => Math.min(m, mass[k]), Number.POSITIVE_INFINITY);
  samples.forEach((i, s) => {
    const share = (weights === null ? 1 : weights[i]) / n;
    for (let k = 0; k < K; k++) {
      const m = s * K + k;
      c[m] = classes[k] === labels[i] ? 0 : share;
      // The flow from each class to each other is the same, so that the columns of the residuals sum to 0.
      a[m] = intercept ? (0.5 * c[m] * least) / mass[labels[i]] : 0.5 * c[m];
      xi[m] = 2 * margin;
    }
  });
  for (let m = nRowTerms; m < nTerms; m++) {
    c[m] = 2 * lasso;
    a[m] = lasso;
    xi[m] = 1;
  }
  affine(z, r, margin);

  const curvature = new Float64Array(nTerms);
  const H = new Float64Array(unknowns * unknowns);
  const packed = new Float64Array(((K * (K + 1)) / 2) * D * D);

  /** out ← A z, plus `offset` on the hinge's terms */
  function affine(x: Float64Array, out: Float64Array, offset: number) {
    const scores = new Float64Array(K);
    samples.forEach((i, s) => {
      for (let k = 0; k < K; k++) {
        let sum = 0;
        for (let j = 0; j < D; j++) sum += x[k * D + j] * rows[i * D + j];
        scores[k] = sum;
      }
      const own = scores[slotOf[labels[i]]];
      for (let k = 0; k < K; k++) out[s * K + k] = scores[k] - own + offset;
    });
    for (let m = nRowTerms; m < nTerms; m++) {
      const w = m - nRowTerms;
      out[m] = x[Math.floor(w / nFeatures) * D + (w % nFeatures)];
    }
  }

  /** out ← Aᵀ x */
  function transposed(x: Float64Array, out: Float64Array, withLasso: boolean) {
    out.fill(0);
    samples.forEach((i, s) => {
      const y = slotOf[labels[i]];
      let sum = 0;
      for (let k = 0; k < K; k++) if (k !== y) sum += x[s * K + k];
      for (let k = 0; k < K; k++) {
        const u = k === y ? -sum : x[s * K + k];
        if (u !== 0) for (let j = 0; j < D; j++) out[k * D + j] += u * rows[i * D + j];
      }
    });
    if (!withLasso) return;
    for (let m = nRowTerms; m < nTerms; m++) {
      const w = m - nRowTerms;
      out[Math.floor(w / nFeatures) * D + (w % nFeatures)] += x[m];
    }
  }

  function buildHessian() {
    packed.fill(0);
    samples.forEach((i, s) => {
      const y = slotOf[labels[i]];
      let sum = 0;
      for (let k = 0; k < K; k++) {
        if (k === y) continue;
        const weight = curvature[s * K + k];
        sum += weight;
        addOuter(k, k, weight, i);
        addOuter(Math.max(k, y), Math.min(k, y), -weight, i);
      }
      addOuter(y, y, sum, i);
    });
    for (let k = 0; k < K; k++) {
      for (let l = 0; l <= k; l++) {
        const from = ((k * (k + 1)) / 2 + l) * D * D;
        for (let j = 0; j < D; j++) {
          for (let h = 0; h <= j; h++) {
            const value = packed[from + j * D + h];
            H[(k * D + j) * unknowns + l * D + h] = value;
            H[(k * D + h) * unknowns + l * D + j] = value;
          }
        }
      }
      for (let j = 0; j < nFeatures; j++) {
        const at = (k * D + j) * (unknowns + 1);
        H[at] += 2 * ridge + (lasso > 0 ? curvature[nRowTerms + k * nFeatures + j] : 0);
      }
    }
  }

  /** The lower triangle of block (k, l) += weight · x xᵀ */
  function addOuter(k: number, l: number, weight: number, i: number) {
    const to = ((k * (k + 1)) / 2 + l) * D * D;
    const x = i * D;
    for (let j = 0; j < D; j++) {
      const factor = weight * rows[x + j];
      if (factor === 0) continue;
      for (let h = 0; h <= j; h++) packed[to + j * D + h] += factor * rows[x + h];
    }
  }

  const first = new Float64Array(nTerms);
  const second = new Float64Array(nTerms);
  const pull = new Float64Array(nTerms);
  const rhs = new Float64Array(unknowns);
  const work = new Float64Array(unknowns);
  const dr = new Float64Array(nTerms);
  const da = new Float64Array(nTerms);
  const dxi = new Float64Array(nTerms);

  /** Solves for the direction whose complementarities change by `first` (of a t) and `second` (of (c − a) ξ). */
  function direction() {
    for (let m = 0; m < nTerms; m++) {
      if (c[m] === 0) continue;
      pull[m] = curvature[m] * (first[m] / a[m] - second[m] / (c[m] - a[m]));
      da[m] = a[m] + pull[m];
    }
    transposed(da, rhs, true);
    for (let k = 0; k < K; k++) {
      for (let j = 0; j < D; j++) {
        const at = k * D + j;
        const own = j < nFeatures ? 2 * ridge * z[at] - lasso : 0;
        rhs[at] = -(rhs[at] + own);
      }
    }
    solveFactorized(H, unknowns, rhs, work);
    affine(rhs, dr, 0);
    for (let m = 0; m < nTerms; m++) {
      if (c[m] === 0) continue;
      da[m] = curvature[m] * dr[m] + pull[m];
      dxi[m] = (second[m] + xi[m] * da[m]) / (c[m] - a[m]);
    }
  }

  /** The longest step that keeps everything positive, at most 1. */
  function longest(): number {
    let length = 1 / TO_BOUNDARY;
    for (let m = 0; m < nTerms; m++) {
      if (c[m] === 0) continue;
      const dt = dxi[m] - dr[m];
      if (da[m] < 0) length = Math.min(length, -a[m] / da[m]);
      if (da[m] > 0) length = Math.min(length, (c[m] - a[m]) / da[m]);
      if (dxi[m] < 0) length = Math.min(length, -xi[m] / dxi[m]);
      if (dt < 0) length = Math.min(length, -(xi[m] - r[m]) / dt);
    }
    return length;
  }

  /** Mean complementarity after a step. */
  function complementarity(length: number): number {
    let sum = 0;
    let count = 0;
    for (let m = 0; m < nTerms; m++) {
      if (c[m] === 0) continue;
      const t = xi[m] - r[m] + length * (dxi[m] - dr[m]);
      sum += (a[m] + length * da[m]) * t + (c[m] - a[m] - length * da[m]) * (xi[m] + length * dxi[m]);
      count += 2;
    }
    return sum / count;
  }

  return {
    step() {
      for (let m = 0; m < nTerms; m++) {
        if (c[m] === 0) continue;
        const t = xi[m] - r[m];
        first[m] = -a[m] * t;
        second[m] = -(c[m] - a[m]) * xi[m];
        curvature[m] = 1 / (t / a[m] + xi[m] / (c[m] - a[m]));
      }
      const mu = complementarity(0);
      buildHessian();
      factorize(H, unknowns);
      direction();
      const affineLength = Math.min(1, longest());
      const ratio = complementarity(affineLength) / mu;
      const target = ratio * ratio * ratio * mu;
      for (let m = 0; m < nTerms; m++) {
        if (c[m] === 0) continue;
        const t = xi[m] - r[m];
        first[m] = target - a[m] * t - da[m] * (dxi[m] - dr[m]);
        second[m] = target - (c[m] - a[m]) * xi[m] + da[m] * dxi[m];
      }
      direction();
      const length = Math.min(1, TO_BOUNDARY * longest());
      if (!(length > 1e-10)) return false;
      for (let at = 0; at < unknowns; at++) z[at] += length * rhs[at];
      for (let m = 0; m < nTerms; m++) {
        if (c[m] === 0) continue;
        a[m] += length * da[m];
        xi[m] += length * dxi[m];
      }
      affine(z, r, margin);
      // Near 0 the difference ξ − r has lost its digits: back into the interior.
      for (let m = 0; m < nTerms; m++) {
        if (c[m] !== 0 && !(xi[m] > r[m] && xi[m] > 0))
          xi[m] = Math.max(r[m], 0) + 1e-300 + 1e-16 * Math.abs(r[m]);
      }
      return true;
    },
    evaluate(theta, gradient) {
      transposed(a, work, false);
      theta.fill(0);
      gradient.fill(0);
      for (let k = 0; k < K; k++) {
        for (let j = 0; j < D; j++) {
          const at = (j < nFeatures ? j * stride : nFeatures * stride) + classes[k];
          theta[at] = z[k * D + j];
          gradient[at] = work[k * D + j];
        }
      }
      let loss = 0;
      let dual = 0;
      let lowestOwn = Number.POSITIVE_INFINITY;
      samples.forEach((i, s) => {
        let own = intercept ? theta[nFeatures * stride + labels[i]] : 0;
        for (let j = 0; j < nFeatures; j++) own += theta[j * stride + labels[i]] * rows[i * D + j];
        lowestOwn = Math.min(lowestOwn, own);
        for (let k = 0; k < K; k++) {
          const m = s * K + k;
          loss += c[m] * Math.max(0, r[m]);
          if (c[m] !== 0) dual += margin * a[m];
        }
      });
      if (intercept) {
        for (let k = 0; k < nClasses; k++) {
          if (slotOf[k] < 0) theta[nFeatures * stride + k] = lowestOwn - 2 * margin;
        }
      }
      return { loss, dual };
    },
  };
}

/** The design matrix as n rows of f64, with a 1 behind each under an intercept. */
function plainRows(arena: Arena, matrix: DesignMatrix, intercept: boolean): Float64Array {
  const { nSamples, nFeatures } = matrix;
  const D = nFeatures + (intercept ? 1 : 0);
  const rows = new Float64Array(nSamples * D);
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, nSamples * matrix.stride);
    for (let i = 0; i < nSamples; i++)
      rows.set(values.subarray(i * matrix.stride, i * matrix.stride + nFeatures), i * D);
  } else {
    const starts = arena.u32(matrix.rowStarts, nSamples + 1);
    const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
    const values = arena.f32(matrix.rowValues, matrix.nonzeros);
    const center = matrix.center === 0 ? null : arena.f64(matrix.center, nFeatures);
    for (let i = 0; i < nSamples; i++) {
      for (let p = starts[i]; p < starts[i + 1]; p++) rows[i * D + indices[p]] = values[p];
      if (center !== null) for (let j = 0; j < nFeatures; j++) rows[i * D + j] -= center[j];
    }
  }
  if (intercept) for (let i = 0; i < nSamples; i++) rows[i * D + nFeatures] = 1;
  return rows;
}
