import { describe, expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { bendOf, type DataPasses, type PassLoss } from '../../src/problem/passes.ts';
import {
  compactTrainingSet,
  denseTrainingSet,
  mixedTrainingSet,
  sparseTrainingSet,
} from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses } from '../twins/plain-passes.ts';

const EPSILON = 2 ** -24;

const losses: readonly PassLoss[] = [
  { kind: 'softmax' },
  { kind: 'hinge', margin: 1, smoothing: 0.5 },
  { kind: 'hinge', margin: 1.5, smoothing: 0 },
];

/**
 * n, d, K: every remainder of the tiles of 2 or 4 rows, 4 or 8 features, 1 to 3 class vectors and 3 to 5 classes;
 * several blocks and shards.
 */
const shapes: readonly (readonly [number, number, number])[] = [
  [1, 1, 2],
  [5, 3, 2],
  [7, 4, 5],
  [67, 9, 10],
  [130, 13, 13],
  [33, 300, 17],
  [301, 6, 26],
  [1030, 65, 12],
  [40, 21, 53],
  [43, 9, 131],
  [21, 61, 132],
];

for (const loss of losses) {
  const name = loss.kind === 'hinge' ? `hinge with smoothing ${loss.smoothing}` : loss.kind;
  for (const [n, d, K] of shapes) {
    describe(`${name}, ${n} × ${d}, ${K} classes`, () => {
      for (const layout of ['dense', 'compact', 'mixed', 'sparse', 'sparse, centred'] as const) {
        if (layout === 'mixed' && d < 4) continue;
        for (const weighted of [false, true]) {
          if (weighted && d % 2 === 0) continue;
          const title = `${layout}${weighted ? ', weighted' : ''}`;
          test(`${title}: double passes agree with the plain twin to 1e-12`, () => {
            checkDouble(makeCase(layout, n, d, K, weighted, loss), loss);
          });
          test(`${title}: single passes agree with the plain twin within 2⁻²⁴ (terms + 270) Σ |x w| and what follows`, () => {
            checkSingle(makeCase(layout, n, d, K, weighted, loss), loss);
          });
        }
      }
    });
  }
}

test('moved intercepts leave rows alone whose probabilities times their weight are 0 in single precision', () => {
  const [d, K] = [2, 4];
  const X = Array.from({ length: 6 }, (_, i) => [i % 2, 1]);
  const data = { X, y: [0, 1, 2, 3, 0, 1], nClasses: K, sampleWeights: [1.5e-45, 1, 1.5e-45, 3, 3e-45, 1] };
  const runtime = kernelRuntime();
  const passes = dataPasses(runtime, sparseTrainingSet(runtime.arena, data), { kind: 'softmax' });
  const theta = runtime.arena.allocateF64(parameterLayout(d, K).size);
  const residual = new Float64Array(K);
  const expected = new Float64Array(K);
  passes.interceptPass?.(theta, residual, new Float64Array(K * K));
  const change = Float64Array.of(0.2, -0.1, -0.4, 0.3);
  passes.interceptShift?.(change, residual);
  theta.set(change, d * K);
  const twin = plainPasses(data, { kind: 'softmax' });
  twin.interceptPass?.(theta, expected, new Float64Array(K * K));
  expectAllClose(residual, expected, 8 * EPSILON);
});

interface Case {
  readonly data: PlainData;
  readonly twin: DataPasses;
  readonly passes: DataPasses;
  readonly theta: Float64Array;
  readonly direction: Float64Array;
  readonly gradient: Float64Array;
  readonly size: number;
  /** bound of the error of a score, and the largest |x| */
  readonly scoreError: number;
  readonly largest: number;
}

function makeCase(
  layout: 'dense' | 'compact' | 'mixed' | 'sparse' | 'sparse, centred',
  n: number,
  d: number,
  K: number,
  weighted: boolean,
  loss: PassLoss,
): Case {
  const random = generator(n * 1000 + d * 10 + K);
  const center = Array.from({ length: d }, () => (layout === 'sparse, centred' ? random() - 0.5 : 0));
  const base = center.map(() =>
    layout === 'compact' || layout === 'mixed' ? Math.fround(2 * random() - 1) : 0,
  );
  const stored = Array.from({ length: n }, () =>
    Array.from({ length: d }, (_, j) => {
      const isBase = layout !== 'dense' && random() < 0.7;
      return isBase ? base[j] : Math.fround(2 * random() - 1);
    }),
  );
  const y = Array.from({ length: n }, () => Math.floor(random() * K));
  const weights = weighted ? { sampleWeights: y.map(() => 0.25 + random()) } : {};
  const X = stored.map((row) => row.map((x, j) => x - center[j]));
  const data = { X, y, nClasses: K, ...weights };
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const set =
    layout === 'dense'
      ? denseTrainingSet(arena, { ...data, X: stored }, 4 * (n % 2))
      : layout === 'compact'
        ? compactTrainingSet(runtime, { ...data, X: stored }, base, 4 * (n % 2))
        : layout === 'mixed'
          ? mixedTrainingSet(runtime, { ...data, X: stored }, base, 4 * (n % 2))
          : sparseTrainingSet(arena, { ...data, X: stored }, layout === 'sparse' ? undefined : center);
  const { size, stride } = parameterLayout(d, K);
  const draw = () => {
    const vector = arena.allocateF64(size);
    for (let i = 0; i < size; i++) if (i % stride < K) vector[i] = (4 * random() - 2) / Math.sqrt(d);
    return vector;
  };
  const theta = draw();
  const direction = draw();
  const largestTheta = Math.max(...theta.map(Math.abs), ...direction.map(Math.abs));
  const largest = Math.max(...stored.flat().map(Math.abs), ...center.map(Math.abs), 1);
  return {
    data,
    twin: plainPasses(data, loss),
    passes: dataPasses(runtime, set, loss),
    theta,
    direction,
    gradient: arena.allocateF64(size).fill(7),
    size,
    scoreError: (d + 270) * EPSILON * 2 * (d + 1) * largest * largestTheta,
    largest: 2 * largest,
  };
}

function checkDouble({ data, twin, passes, theta, direction, gradient, size }: Case, loss: PassLoss): void {
  const K = data.nClasses;
  const expected = new Float64Array(size);
  const expectedHessian = new Float64Array(K * K);
  const hessian = new Float64Array(K * K).fill(7);
  const value = twin.lossAndGradient(theta, expected, 'double');
  expectClose(passes.lossAndGradient(theta, gradient, 'double'), value, 1e-12);
  expectAllClose(gradient, expected, 1e-12);
  const certificate = twin.certificatePass(theta, expected, expectedHessian);
  const found = passes.certificatePass(theta, gradient, hessian);
  expectClose(found.loss, certificate.loss, 1e-12);
  expectClose(found.dual, certificate.dual, 1e-12);
  expectAllClose(gradient, expected, 1e-12);
  if (loss.kind === 'hinge') expectAllClose(hessian, expectedHessian, 1e-12);
  else if (passes.interceptProduct) checkProduct({ data, passes, theta }, expectedHessian, 1e-6);
  else expectCoupling(hessian, expectedHessian, K, 1e-5);
  for (const scale of [0, 0.3, 1]) {
    expectClose(passes.dualValue(theta, scale), twin.dualValue(theta, scale), 1e-12);
  }
  const bound = passes.certificatePass(theta, gradient, null);
  twin.certificatePass(theta, expected, null);
  expectClose(bound.loss, certificate.loss, 1e-12);
  expectClose(bound.dual, certificate.dual, 1e-12);
  expectAllClose(gradient, expected, 1e-12);
  expect(bound.dualBend !== undefined).toBe(loss.kind === 'softmax');
  if (bound.dualBend !== undefined) {
    // −slope, the derivative of the dual value by the scale at 1, is minus Σ residuals · scores.
    const slope = expected.reduce((sum, g, i) => sum + g * theta[i], 0);
    for (const scale of [0.5, 0.9, 0.999]) {
      const bend = bendOf(bound.dualBend, scale);
      const least = bound.dual + (1 - scale) * slope - bend;
      const dual = twin.dualValue(theta, scale);
      passes.dualValue(theta, scale);
      const rounding = 1e-12 * (1 + Math.abs(slope) + bound.dual);
      expect(least).toBeLessThanOrEqual(dual + rounding);
      expect(dual - least).toBeLessThanOrEqual(bend + rounding);
    }
  }
  if (loss.kind === 'hinge') {
    twin.setSmoothing(0.125);
    passes.setSmoothing(0.125);
    expectClose(
      passes.lossAndGradient(theta, gradient, 'double'),
      twin.lossAndGradient(theta, expected, 'double'),
      1e-12,
    );
    expectAllClose(gradient, expected, 1e-12);
    twin.recentre(direction);
    passes.recentre(direction);
    const moved = twin.certificatePass(theta, expected, expectedHessian);
    const foundMoved = passes.certificatePass(theta, gradient, hessian);
    expectClose(foundMoved.loss, moved.loss, 1e-12);
    expectClose(foundMoved.dual, moved.dual, 1e-12);
    expectAllClose(gradient, expected, 1e-12);
    expectAllClose(hessian, expectedHessian, 1e-12);
    expectClose(passes.dualValue(theta, 0.3), twin.dualValue(theta, 0.3), 1e-12);
    const smoothed = twin.lossAndGradient(theta, expected, 'double');
    expectClose(passes.lossAndGradient(theta, gradient, 'double'), smoothed, 1e-12);
  }
  // Where all is 0 a pass is another kernel's.
  theta.fill(0);
  const start = twin.lossAndGradient(theta, expected, 'double');
  expectClose(passes.lossAndGradient(theta, gradient, 'double'), start, 1e-12);
  expectAllClose(gradient, expected, 1e-12);
  expect(passes.passes).toBe(twin.passes);
}

/** Hessian products by pairs of row and class, where these are few, take part of a pass. */
function checkSingle(item: Case, loss: PassLoss): void {
  const { twin, passes, direction } = item;
  checkSingleAt(item, loss);
  if (loss.kind === 'softmax') {
    checkIntercepts(item);
    expect(passes.passes).toBe(twin.passes);
    return;
  }
  twin.recentre(direction);
  passes.recentre(direction);
  // Many terms have curvature, then few.
  for (const smoothing of [3, 0.0625]) {
    twin.setSmoothing(smoothing);
    passes.setSmoothing(smoothing);
    checkSingleAt(item, { ...loss, smoothing });
  }
  expect(passes.passes).toBeLessThanOrEqual(twin.passes);
}

/**
 * A score is off by δ, a residual by the loss's curvature (1 for softmax, 1/μ per hinge term) times 2δ and a few
 * roundings, and the gradient's element by that and 66 roundings of a block's sum, times |x| ≤ largest and
 * weights ≤ 5. Hinge terms within δ of a kink may differ by their whole jump; such data is unlikely enough to
 * leave out only where μ > 0 makes it impossible, so exact hinge is compared by its loss.
 */
function checkSingleAt(item: Case, loss: PassLoss): void {
  const { data, twin, passes, theta, direction, gradient, size, scoreError, largest } = item;
  const K = data.nClasses;
  const terms = loss.kind === 'hinge' ? K : 1;
  const curvature = loss.kind === 'hinge' && loss.smoothing > 0 ? 1 / loss.smoothing : 1;
  const residualError = 5 * terms * (2 * curvature * scoreError + (K + 16) * 2 * EPSILON);
  const bound = largest * (residualError + 5 * terms * 300 * EPSILON);
  const expected = new Float64Array(size);
  const value = twin.lossAndGradient(theta, expected, 'single');
  expectClose(
    passes.lossAndGradient(theta, gradient, 'single'),
    value,
    2 * terms * scoreError + 1e-6 * value,
  );
  const kinked = loss.kind === 'hinge' && loss.smoothing === 0;
  if (!kinked) expectAllClose(gradient, expected, bound);
  expectPaddingZero(gradient, K);
  twin.prepareHessian(theta);
  passes.prepareHessian(theta);
  twin.hessianProduct(direction, expected);
  passes.hessianProduct(direction, gradient);
  expectAllClose(gradient, expected, 8 * largest * bound);
  expectPaddingZero(gradient, K);
}

/** Probabilities are off by twice the scores' error and some roundings, relative. */
function checkIntercepts({ data, twin, passes, theta, scoreError }: Case): void {
  const K = data.nClasses;
  const error = 4 * scoreError + (K + 80) * EPSILON;
  const residual = new Float64Array(K).fill(7);
  const hessian = new Float64Array(K * K).fill(7);
  const expected = new Float64Array(K);
  const expectedHessian = new Float64Array(K * K);
  const loss = twin.interceptPass?.(theta, expected, expectedHessian) ?? 0;
  expectClose(passes.interceptPass?.(theta, residual, hessian) ?? 0, loss, error);
  expectAllClose(residual, expected, error);
  if (passes.interceptProduct) checkProduct({ data, passes, theta }, expectedHessian, error);
  else expectAllClose(hessian, expectedHessian, 2 * error);
  if (passes.interceptShift) checkShift({ data, passes, theta, scoreError }, residual);

  const found = passes.scales?.();
  const wanted = twin.scales?.();
  expectAllClose(found?.features ?? residual, wanted?.features ?? expected, 1e-12);
  expectAllClose(found?.frequencies ?? residual, wanted?.frequencies ?? expected, 1e-12);
}

/** Two moves of the intercepts after each other, where the residual is known. */
function checkShift(
  { data, passes, theta, scoreError }: Pick<Case, 'data' | 'passes' | 'theta' | 'scoreError'>,
  residual: Float64Array,
): void {
  const K = data.nClasses;
  const twin = plainPasses(data, { kind: 'softmax' });
  const moved = theta.slice();
  const b = moved.subarray(moved.length - twin.layout.stride);
  const expected = new Float64Array(K);
  for (const phase of [1, 2]) {
    const change = Float64Array.from({ length: K }, (_, k) => Math.sin(phase + 5 * k));
    for (let k = 0; k < K; k++) b[k] += change[k];
    passes.interceptShift?.(change, residual);
    twin.interceptPass?.(moved, expected, new Float64Array(K * K));
    expectAllClose(residual, expected, 8 * scoreError + 4 * (K + 80) * EPSILON);
  }
}

/** Products of the intercepts' Hessian, within `bound` of what p̄ₖ (max δ − min δ) allows. */
function checkProduct(
  { data, passes, theta }: Pick<Case, 'data' | 'passes' | 'theta'>,
  hessian: Float64Array,
  bound: number,
): void {
  const K = data.nClasses;
  const twin = plainPasses(data, { kind: 'softmax' });
  const gradient = new Float64Array(theta.length);
  twin.lossAndGradient(theta, gradient, 'double');
  const residual = gradient.subarray(gradient.length - twin.layout.stride);
  const direction = Float64Array.from({ length: K }, (_, k) => Math.sin(7 * k));
  const product = new Float64Array(K);
  passes.interceptProduct?.(direction, product);
  for (let k = 0; k < K; k++) {
    let expected = 0;
    for (let l = 0; l < K; l++) expected += hessian[k * K + l] * direction[l];
    const mean = (twin.scales?.().frequencies[k] ?? 0) + residual[k];
    expect(Math.abs(product[k] - expected)).toBeLessThanOrEqual(2 * bound * mean);
  }
}

/** Off-diagonal entries relative to themselves, and rows that add up to 0. */
function expectCoupling(actual: Float64Array, expected: Float64Array, K: number, bound: number): void {
  for (let k = 0; k < K; k++) {
    let sum = 0;
    for (let l = 0; l < K; l++) {
      sum += actual[k * K + l];
      if (l === k) continue;
      const error = Math.abs(actual[k * K + l] - expected[k * K + l]);
      expect(error).toBeLessThanOrEqual(bound * Math.abs(expected[k * K + l]));
    }
    expect(Math.abs(sum)).toBeLessThan(1e-15);
  }
}

function expectClose(actual: number, expected: number, bound: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(bound * Math.max(1, Math.abs(expected)));
}

function expectAllClose(actual: Float64Array, expected: Float64Array, bound: number): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i])));
  }
  expect(worst).toBeLessThanOrEqual(bound);
}

function expectPaddingZero(gradient: Float64Array, K: number): void {
  const { stride } = parameterLayout(0, K);
  expect(gradient.every((g, i) => i % stride < K || g === 0)).toBe(true);
}

/** Uniform numbers in [0, 1): a linear congruence. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
