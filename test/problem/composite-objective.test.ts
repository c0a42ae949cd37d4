import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compositeObjective } from '../../src/problem/composite-objective.ts';
import type { PassLoss } from '../../src/problem/passes.ts';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses, plainVectors } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';

const losses: readonly PassLoss[] = [
  { kind: 'softmax' },
  { kind: 'hinge', margin: 1, smoothing: 0 },
  { kind: 'hinge', margin: 0.7, smoothing: 0.25 },
];
const penalties: Readonly<Record<string, PenaltyCoefficients>> = {
  l2: { ridge: 0.03, lasso: 0 },
  'weak l2': { ridge: 1e-5, lasso: 0 },
  l1: { ridge: 0, lasso: 0.05 },
  'elastic net': { ridge: 0.01, lasso: 0.02 },
  none: { ridge: 0, lasso: 0 },
};

const threeClasses: PlainData = {
  X: [
    [1.1, -0.3],
    [0.4, 0.9],
    [-1.2, 0.5],
    [0.2, -1.4],
    [-0.6, -0.8],
    [0.9, 0.7],
  ],
  y: [0, 1, 2, 0, 2, 1],
  nClasses: 3,
  sampleWeights: [1, 2, 0.5, 1, 1.5, 1],
};

function pose(data: PlainData, loss: PassLoss, penalty: PenaltyCoefficients, intercept: boolean) {
  const passes = plainPasses(data, loss);
  const vectors = plainVectors();
  return compositeObjective(passes, vectors, penalty, { intercept, loss });
}

/** A θ whose padding (and intercepts, where there are none) are 0. */
function fill(
  { layout, intercept }: ReturnType<typeof pose>,
  value: (j: number, k: number) => number,
): Float64Array {
  const theta = new Float64Array(layout.size);
  const rows = intercept ? layout.nFeatures + 1 : layout.nFeatures;
  for (let j = 0; j < rows; j++)
    for (let k = 0; k < layout.nClasses; k++) theta[j * layout.stride + k] = value(j, k);
  return theta;
}

const wave = (phase: number) => (j: number, k: number) => Math.sin(phase + 2.3 * j + 1.7 * k);

describe.each(losses)('compositeObjective for $kind, smoothing $smoothing', (loss) => {
  describe.each(Object.entries(penalties))('%s', (_, penalty) => {
    test.each([true, false])(
      'gradient agrees with fourth-order differences to 1e-9 (intercept %s)',
      (intercept) => {
        const objective = pose(threeClasses, loss, penalty, intercept);
        const { size } = objective.layout;
        const theta = fill(objective, wave(1));
        const direction = fill(objective, wave(4));
        const gradient = new Float64Array(size);
        const at = (step: number) => {
          const moved = theta.map((x, i) => x + step * direction[i]);
          return objective.smoothValueAndGradient(moved, new Float64Array(size), 'double');
        };
        const h = 1e-3;
        const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        objective.smoothValueAndGradient(theta, gradient, 'double');
        const slope = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
        expect(Math.abs(slope - difference)).toBeLessThan(1e-9);
      },
    );

    test('Hessian product agrees with fourth-order differences of the gradient to 1e-8', () => {
      for (const intercept of [true, false]) {
        const objective = pose(threeClasses, loss, penalty, intercept);
        const { size } = objective.layout;
        const theta = fill(objective, wave(1));
        const direction = fill(objective, wave(4));
        const at = (step: number) => {
          const gradient = new Float64Array(size);
          const moved = theta.map((x, i) => x + step * direction[i]);
          objective.smoothValueAndGradient(moved, gradient, 'double');
          return gradient;
        };
        const h = 1e-4;
        const [a, b, c, d] = [at(h), at(-h), at(2 * h), at(-2 * h)];
        const product = new Float64Array(size);
        objective.prepareHessian(theta);
        objective.hessianProduct(direction, product);
        product.forEach((value, i) => {
          const difference = (8 * (a[i] - b[i]) - (c[i] - d[i])) / (12 * h);
          expect(Math.abs(value - difference)).toBeLessThan(1e-8);
        });
      }
    });

    test('no lower bound lies above the objective at any other point', () => {
      fc.assert(
        fc.property(
          randomData(),
          fc.boolean(),
          fc.constantFrom(0, 1e-6, 0.3),
          fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
          (data, intercept, enough, noise) => {
            const objective = pose(data, loss, penalty, intercept);
            const gradient = new Float64Array(objective.layout.size);
            const points = [0, 0.01, 0.3, 3].map((size, p) =>
              fill(objective, (j, k) => size * noise[(3 * j + 5 * k + p) % 8]),
            );
            const certified = points.map((theta) => objective.certify(theta, gradient, enough));
            for (const { certificate } of certified)
              for (const { objective: value } of certified)
                if (certificate !== null) expect(certificate.lowerBound).toBeLessThanOrEqual(value);
          },
        ),
        { numRuns: 60 },
      );
    });
  });
});

describe('certify', () => {
  test('leaves no intercept gradient for softmax, and never a higher objective', () => {
    fc.assert(
      fc.property(randomData(), (data) => {
        const objective = pose(data, { kind: 'softmax' }, { ridge: 0.01, lasso: 0 }, true);
        const { nFeatures, stride, nClasses, size } = objective.layout;
        const theta = fill(objective, wave(2));
        const gradient = new Float64Array(size);
        const before = objective.smoothValueAndGradient(theta, gradient, 'double');
        const { objective: after, certificate, stationarity } = objective.certify(theta, gradient);
        expect(after).toBeLessThanOrEqual(before * (1 + 1e-15));
        const weights = gradient.subarray(0, nFeatures * stride);
        const plainGap = weights.reduce((sum, g) => sum + g * g, 0) / (4 * 0.01);
        const gap = after - (certificate?.lowerBound ?? Number.NaN);
        if (plainGap < after) expect(gap / plainGap).toBeGreaterThan(0.95);
        if (plainGap < after) expect(gap / plainGap).toBeLessThan(1.05);
        for (let k = 0; k < nClasses; k++)
          expect(Math.abs(gradient[nFeatures * stride + k])).toBeLessThan(1e-3);
        expect(stationarity).toBeGreaterThanOrEqual(Math.max(...weights.map(Math.abs)) * (1 - 1e-12));
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [0.1, 1.5],
    [1e-9, 3],
  ])(
    'a small step of the intercepts is checked only where what it leaves may cost: ridge %f',
    (ridge, passes) => {
      const objective = pose(threeClasses, { kind: 'softmax' }, { ridge, lasso: 0 }, true);
      const theta = fill(objective, wave(2));
      const gradient = new Float64Array(objective.layout.size);
      objective.certify(theta, gradient, 1e-6);
      theta[2 * objective.layout.stride] += 6e-4;
      const before = objective.passes;
      objective.certify(theta, gradient, 1e-6);
      expect(objective.passes - before).toBe(passes);
    },
  );

  test('two classes on one score: the intercept by half a pass in single precision, then one in double', () => {
    const runtime = kernelRuntime();
    const data = { ...threeClasses, y: threeClasses.y.map((y) => Math.min(y, 1)), nClasses: 2 };
    const objective = softmaxObjective(runtime, {
      trainingSet: denseTrainingSet(runtime.arena, data),
      loss: { kind: 'logistic' },
      penalty: { ridge: 0.1, lasso: 0 },
      intercept: true,
      dropout: 0,
    });
    const theta = objective.vectors.zeros(3);
    const gradient = objective.vectors.zeros(3);
    objective.certify(theta, gradient, 1e-6);
    theta[2] += 2e-4;
    const before = objective.passes;
    objective.certify(theta, gradient, 1e-6);
    expect(objective.passes - before).toBe(1.5);
    expect(Math.abs(gradient[2])).toBeLessThan(1e-6);
  });

  test('is exact where the optimum is known: W = 0 under a large lasso, b = log frequencies', () => {
    const objective = pose(threeClasses, { kind: 'softmax' }, { ridge: 0, lasso: 10 }, true);
    const theta = new Float64Array(objective.layout.size);
    const { certificate } = objective.certify(theta, new Float64Array(objective.layout.size));
    const frequencies = [2 / 7, 3 / 7, 2 / 7];
    const entropy = -frequencies.reduce((sum, p) => sum + p * Math.log(p), 0);
    expect(certificate?.objective).toBeCloseTo(entropy, 13);
    expect(certificate?.relativeGap).toBeLessThan(1e-12);
    expect(certificate?.lowerBound).toBeLessThanOrEqual(entropy);
  });

  test('gives no certificate without a penalty, and stationarity instead', () => {
    const objective = pose(threeClasses, { kind: 'softmax' }, { ridge: 0, lasso: 0 }, true);
    const theta = new Float64Array(objective.layout.size);
    const point = objective.certify(theta, new Float64Array(objective.layout.size));
    expect(point.certificate).toBeNull();
    expect(point.stationarity).toBeGreaterThan(0.1);
  });

  test('proves an objective of 0 optimal even without a penalty', () => {
    const data: PlainData = { X: [[1], [-1]], y: [0, 1], nClasses: 2 };
    const objective = pose(data, { kind: 'hinge', margin: 1, smoothing: 0 }, { ridge: 0, lasso: 0 }, true);
    const theta = new Float64Array(objective.layout.size);
    theta[0] = 1;
    theta[1] = -1;
    const { certificate } = objective.certify(theta, new Float64Array(objective.layout.size));
    expect(certificate).toEqual({ objective: 0, lowerBound: 0, relativeGap: 0 });
  });

  test('keeps b = 0 without an intercept', () => {
    const objective = pose(threeClasses, { kind: 'softmax' }, { ridge: 0.1, lasso: 0 }, false);
    const theta = fill(objective, wave(0));
    const copy = theta.slice();
    objective.certify(theta, new Float64Array(objective.layout.size));
    expect(theta).toEqual(copy);
  });
});
