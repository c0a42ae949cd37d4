import { parameterLayout } from '../../src/problem/parameters.ts';
import type {
  CertificatePass,
  ColumnScales,
  DataPasses,
  PassLoss,
  VectorSpace,
} from '../../src/problem/passes.ts';

export interface PlainData {
  /** nSamples rows of nFeatures */
  readonly X: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly nClasses: number;
  readonly sampleWeights?: readonly number[];
}

/** The passes in plain f64 TypeScript: what kernels are checked against and solvers can be tried on. */
export function plainPasses(
  { X, y, nClasses: K, sampleWeights }: PlainData,
  initialLoss: PassLoss,
): DataPasses {
  const n = X.length;
  const d = X[0]?.length ?? 0;
  const layout = parameterLayout(d, K);
  const stride = layout.stride;
  const weightSum = sampleWeights?.reduce((sum, v) => sum + v, 0) ?? n;
  const weight = (i: number) => (sampleWeights?.[i] ?? 1) / weightSum;
  let loss = initialLoss;
  let passes = 0;
  let prepared: number[][] = [];
  const centres = X.map(() => new Array<number>(K).fill(0));
  const lossOf = (i: number, s: readonly number[]): PlainRow =>
    loss.kind === 'softmax'
      ? softmaxRow(s, y[i])
      : hingeRow(s, y[i], loss.margin, loss.smoothing, centres[i]);

  function scores(theta: Float64Array, i: number): number[] {
    return Array.from({ length: K }, (_, k) => {
      let s = theta[d * stride + k];
      for (let j = 0; j < d; j++) s += X[i][j] * theta[j * stride + k];
      return s;
    });
  }

  function addOuter(i: number, u: readonly number[], factor: number, out: Float64Array) {
    for (let k = 0; k < K; k++) {
      for (let j = 0; j < d; j++) out[j * stride + k] += factor * u[k] * X[i][j];
      out[d * stride + k] += factor * u[k];
    }
  }

  function interceptPass(theta: Float64Array, residual: Float64Array, interceptHessian: Float64Array) {
    residual.fill(0);
    interceptHessian.fill(0);
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const row = lossOf(i, scores(theta, i));
      loss += weight(i) * row.loss;
      for (let k = 0; k < K; k++) {
        residual[k] += weight(i) * row.residual[k];
        for (let l = 0; l < K; l++) interceptHessian[k * K + l] += weight(i) * row.hessian[k][l];
      }
    }
    passes += 0.5;
    return loss;
  }

  function scales(): ColumnScales {
    const features = new Float64Array(d);
    const frequencies = new Float64Array(K);
    for (let i = 0; i < n; i++) {
      frequencies[y[i]] += weight(i);
      for (let j = 0; j < d; j++) features[j] += weight(i) * X[i][j] ** 2;
    }
    return { features, frequencies };
  }

  return {
    layout,
    nSamples: n,
    get passes() {
      return passes;
    },
    setSmoothing(smoothing) {
      if (loss.kind === 'hinge') loss = { ...loss, smoothing };
    },
    recentre(theta) {
      X.forEach((_, i) => {
        const { residual } = lossOf(i, scores(theta, i));
        centres[i] = residual.map((u, k) => (k === y[i] ? 0 : Math.fround(u)));
      });
      passes += 0.5;
    },
    lossAndGradient(theta, gradient) {
      gradient.fill(0);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const row = lossOf(i, scores(theta, i));
        sum += weight(i) * row.smoothed;
        addOuter(i, row.residual, weight(i), gradient);
      }
      passes++;
      return sum;
    },
    prepareHessian(theta) {
      prepared = X.map((_, i) => scores(theta, i));
      passes += 0.5;
      // As cheap as can be: solvers that wait for that are to go on to products.
      return 0;
    },
    hessianProduct(direction, out) {
      out.fill(0);
      for (let i = 0; i < n; i++) {
        const t = scores(direction, i);
        const H = lossOf(i, prepared[i]).hessian;
        addOuter(
          i,
          H.map((row) => row.reduce((sum, h, k) => sum + h * t[k], 0)),
          weight(i),
          out,
        );
      }
      passes++;
    },
    certificatePass(theta, gradient, interceptHessian): CertificatePass {
      gradient.fill(0);
      interceptHessian?.fill(0);
      let sum = 0;
      let dual = 0;
      for (let i = 0; i < n; i++) {
        const row = lossOf(i, scores(theta, i));
        sum += weight(i) * row.loss;
        dual += weight(i) * row.dual(1);
        addOuter(i, row.residual, weight(i), gradient);
        for (let k = 0; k < K; k++)
          for (let l = 0; interceptHessian && l < K; l++)
            interceptHessian[k * K + l] += weight(i) * row.hessian[k][l];
      }
      passes++;
      return { loss: sum, dual };
    },
    ...(initialLoss.kind === 'softmax' ? { interceptPass, scales } : {}),
    dualValue(theta, scale) {
      let dual = 0;
      for (let i = 0; i < n; i++) dual += weight(i) * lossOf(i, scores(theta, i)).dual(scale);
      passes += 0.5;
      return dual;
    },
  };
}

interface PlainRow {
  loss: number;
  smoothed: number;
  residual: number[];
  hessian: number[][];
  dual: (scale: number) => number;
}

function softmaxRow(s: readonly number[], y: number): PlainRow {
  const top = Math.max(...s);
  const e = s.map((x) => Math.exp(x - top));
  const sum = e.reduce((a, b) => a + b, 0);
  const p = e.map((x) => x / sum);
  const value = Math.log(sum) + top - s[y];
  const residual = p.map((x, k) => x - (k === y ? 1 : 0));
  return {
    loss: value,
    smoothed: value,
    residual,
    hessian: p.map((a, k) => p.map((b, l) => (k === l ? a : 0) - a * b)),
    dual: (scale) =>
      residual.reduce((total, u, k) => {
        const q = (k === y ? 1 : 0) + scale * u;
        return q > 0 ? total - q * Math.log(q) : total;
      }, 0),
  };
}

function hingeRow(
  s: readonly number[],
  y: number,
  margin: number,
  mu: number,
  centres: readonly number[],
): PlainRow {
  const K = s.length;
  const residual = new Array<number>(K).fill(0);
  const hessian = s.map(() => new Array<number>(K).fill(0));
  let exact = 0;
  let smoothed = 0;
  for (let j = 0; j < K; j++) {
    if (j === y) continue;
    const t = s[j] - s[y] + margin;
    const free = mu > 0 ? centres[j] + t / mu : t > 0 ? 1 : 0;
    const alpha = Math.min(Math.max(free, 0), 1);
    exact += Math.max(0, t);
    smoothed += alpha * t - (mu / 2) * (alpha - centres[j]) ** 2;
    residual[j] += alpha;
    residual[y] -= alpha;
    if (free > 0 && free < 1) {
      hessian[j][j] += 1 / mu;
      hessian[y][y] += 1 / mu;
      hessian[j][y] -= 1 / mu;
      hessian[y][j] -= 1 / mu;
    }
  }
  const mass = -residual[y];
  return { loss: exact, smoothed, residual, hessian, dual: (scale) => scale * margin * mass };
}

/** Vector operations on ordinary arrays. */
export function plainVectors(): VectorSpace {
  return {
    zeros: (length) => new Float64Array(length),
    unset: (length) => new Float64Array(length).fill(Number.NaN),
    dot: (a, b, length = a.length) => a.reduce((sum, x, i) => (i < length ? sum + x * b[i] : sum), 0),
    axpy(alpha, x, y, length = x.length) {
      for (let i = 0; i < length; i++) y[i] += alpha * x[i];
    },
    plus(y, alpha, x, out) {
      for (let i = 0; i < x.length; i++) out[i] = y[i] + alpha * x[i];
    },
    scale(alpha, x, out = x) {
      for (let i = 0; i < x.length; i++) out[i] = alpha * x[i];
    },
    copy(from, to) {
      to.set(from);
    },
    lists: () => ({
      products(list, x, out) {
        for (const [i, v] of list.entries()) out[i] = v.reduce((sum, vt, t) => sum + vt * x[t], 0);
      },
      addMultiples(factors, list, y) {
        for (const [i, v] of list.entries()) for (let t = 0; t < y.length; t++) y[t] += factors[i] * v[t];
      },
    }),
  };
}
