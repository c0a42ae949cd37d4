import { expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { supportModel } from '../../src/problem/support-model.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const n = 23;
const d = 40;
const K = 3;

function sequence(seed: number) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
}

/** A model around a θ with some weights, and its Hessian by plain loops. */
function posed({ weighted = false } = {}) {
  const random = sequence(4711);
  const X = Array.from({ length: n }, () => Array.from({ length: d }, () => Math.fround(3 * random())));
  const y = X.map((_, i) => i % K);
  const sampleWeights = weighted ? X.map((_, i) => 0.5 + (i % 4) / 3) : undefined;
  const total = sampleWeights?.reduce((sum, v) => sum + v, 0) ?? n;
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, { X, y, nClasses: K, ...(sampleWeights && { sampleWeights }) });
  const { matrix } = set;
  if (matrix.kind !== 'dense') throw new Error('rows are dense');
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const { layout, probabilities } = passes;
  if (!probabilities) throw new Error('softmax tells its probabilities');
  const vector = () => runtime.arena.allocateF64(layout.size);
  const [theta, gradient] = [vector(), vector()];
  for (let j = 0; j < 6; j++) theta[j * layout.stride + (j % K)] = random();
  passes.lossAndGradient(theta, gradient, 'double');
  const model = supportModel(runtime, { ...set, matrix }, layout, probabilities);

  const P = X.map((x) => {
    const scores = Array.from({ length: K }, (_, k) =>
      x.reduce((s, v, j) => s + v * theta[j * layout.stride + k], 0),
    );
    const sum = scores.reduce((s, score) => s + Math.exp(score), 0);
    return scores.map((score) => Math.exp(score) / sum);
  });
  /** g + (H + 2 ridge) · way */
  const slopeAfter = (way: Float64Array, ridge: number) => {
    const slope = gradient.slice();
    for (let j = 0; j < d; j++)
      for (let k = 0; k < K; k++) slope[j * layout.stride + k] += 2 * ridge * way[j * layout.stride + k];
    X.forEach((x, i) => {
      const z = P[i].map(
        (_, k) => way[d * layout.stride + k] + x.reduce((s, v, j) => s + v * way[j * layout.stride + k], 0),
      );
      const mean = z.reduce((s, change, k) => s + P[i][k] * change, 0);
      const weight = sampleWeights ? sampleWeights[i] / total : 1 / n;
      z.forEach((change, k) => {
        const r = weight * P[i][k] * (change - mean);
        x.forEach((v, j) => {
          slope[j * layout.stride + k] += v * r;
        });
        slope[d * layout.stride + k] += r;
      });
    });
    return slope;
  };
  const some = (last: number) => {
    const found: number[] = [];
    for (let j = 0; j < last; j++) for (let k = 0; k < K; k++) found.push(j * layout.stride + k);
    for (let k = 0; k < K; k++) found.push(d * layout.stride + k);
    return found;
  };
  return { model, passes, theta, gradient, layout, vector, slopeAfter, some };
}

for (const { weighted, lasso, ridge, nFeatures } of [
  { weighted: false, lasso: 0.15, ridge: 0.1, nFeatures: 12 },
  { weighted: true, lasso: 0.1, ridge: 0.03, nFeatures: 12 },
  { weighted: false, lasso: 0.15, ridge: 0.1, nFeatures: d },
]) {
  test(`leaves no condition of the model violated by more than 2e-5: ${weighted}, ${lasso}, ${ridge}, ${nFeatures}`, () => {
    const { model, theta, gradient, layout, vector, slopeAfter, some } = posed({ weighted });
    const direction = vector();
    const penalty = { lasso, ridge };
    for (let i = 0; i < d * layout.stride; i++) gradient[i] += 2 * ridge * theta[i];
    model.stand(theta);
    const asked = { theta, gradient, penalty, tolerance: 1e-5 };
    // Columns that came with an earlier model stay.
    expect(model.minimize(asked, some(6), theta, 100, direction)).not.toBeNull();
    const coordinates = some(nFeatures);
    expect(model.minimize(asked, coordinates, theta, 100, direction)).toBeLessThan(100);
    const slope = slopeAfter(direction, ridge);
    for (const i of coordinates) {
      const w = theta[i] + direction[i];
      const off =
        i >= d * layout.stride
          ? Math.abs(slope[i])
          : w === 0
            ? Math.abs(slope[i]) - lasso
            : Math.abs(slope[i] + lasso * Math.sign(w));
      // An intercept counts five times.
      expect(off).toBeLessThan(i >= d * layout.stride ? 4.5e-6 : 2.1e-5);
    }
    expect(coordinates.some((i) => theta[i] !== 0 && theta[i] + direction[i] === 0)).toBe(true);
    expect(coordinates.some((i) => i < d * layout.stride && theta[i] === 0 && direction[i] !== 0)).toBe(true);
  });
}

for (const weighted of [false, true]) {
  test(`stands by a certificate's residuals, without a pass, as by half of one; weights: ${weighted}`, () => {
    const { model, passes, theta, gradient, vector, some } = posed({ weighted });
    const [byPass, byResiduals] = [vector(), vector()];
    const asked = { theta, gradient, penalty: { lasso: 0.15, ridge: 0.1 }, tolerance: 1e-6 };
    model.stand(theta);
    model.minimize(asked, some(d), theta, 100, byPass);
    // The weights of other rows, so that these are not found where they were left.
    model.stand(vector());
    passes.certificatePass(theta, vector(), null);
    const before = passes.passes;
    model.stand(theta, passes.residuals);
    expect(passes.passes).toBe(before);
    model.minimize(asked, some(d), theta, 100, byResiduals);
    expect(byPass.some((w) => w !== 0)).toBe(true);
    for (let i = 0; i < byPass.length; i++) expect(byResiduals[i]).toBeCloseTo(byPass[i], 5);
  });
}

test('is cut off where it takes too many products, and begins where it is told to', () => {
  const { model, theta, gradient, vector, some } = posed();
  const [direction, again, from] = [vector(), vector(), vector()];
  const asked = { theta, gradient, penalty: { lasso: 0.15, ridge: 0.1 }, tolerance: 1e-6 };
  model.stand(theta);
  expect(model.minimize(asked, some(d), theta, 4, direction)).toBeNull();
  const products = model.minimize(asked, some(d), theta, 200, direction);
  expect(products).toBeGreaterThan(4);
  for (let i = 0; i < theta.length; i++) from[i] = theta[i] + direction[i];
  expect(model.minimize(asked, some(d), from, 200, again)).toBeLessThanOrEqual(4);
});
