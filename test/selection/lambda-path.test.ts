import { expect, test } from 'vitest';
import { UnsupportedError } from '../../src/errors.ts';
import { fit, fitPath } from '../../src/node.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { fitPathOn, type LambdaPathOptions } from '../../src/selection/lambda-path.ts';
import { overlappingClasses } from '../model/fit-samples.ts';

const samples = overlappingClasses(150, 4, 3, 1);
const { values, nSamples, nFeatures } = samples.X;
const sparse = {
  X: {
    indptr: Array.from({ length: nSamples + 1 }, (_, i) => i * nFeatures),
    indices: Array.from(values, (_, t) => t % nFeatures),
    values,
    nFeatures,
  },
  y: samples.y,
};
const wide = overlappingClasses(30, 60, 3, 4);
const veryWide = overlappingClasses(20, 90, 3, 4);
const two = overlappingClasses(120, 5, 2, 7);

test.each([
  ['L1', samples, { penalty: 'l1' }],
  ['elastic net', samples, { penalty: 'elastic-net', beta: 0.3 }],
  ['L1, class weights', samples, { classWeight: { a: 2, b: 1, c: 0.5 } }],
  ['L1, no intercept', samples, { intercept: false }],
  ['L1, sparse rows', sparse, { standardize: true }],
  ['elastic net, two classes', two, { penalty: 'elastic-net', beta: 0.3 }],
  ['L1, two classes, class weights', two, { classWeight: { a: 2, b: 0.5 } }],
  ['elastic net, more features than samples', wide, { penalty: 'elastic-net', beta: 1 }],
  ['elastic net, many more features than samples', veryWide, { penalty: 'elastic-net', beta: 1 }],
  ['L1, many more features than samples, standardized', veryWide, { standardize: true }],
] as const)(
  '%s: every model is certified and agrees with a single fit at its λ',
  async (_, data, options) => {
    const path = await fitPath(data, { ...options, nLambdas: 12 });
    expect(path.status).toBe('complete');
    expect(path.lambdas.length).toBe(12);
    expect(path.models.length).toBe(12);
    for (const [i, model] of path.models.entries()) {
      const { penalty = 'l1', ...rest } = { penalty: undefined, ...options };
      const single = await fit(data, { ...rest, penalty, lambda: path.lambdas[i], tolerance: 1e-9 });
      expect(model.problem).toEqual(single.problem);
      expect(model.status).toBe('converged');
      expect(model.certificate?.relativeGap).toBeLessThanOrEqual(1e-5);
      expect(model.certificate?.lowerBound).toBeLessThanOrEqual(single.objective);
      expect(model.objective).toBeLessThanOrEqual(single.objective * (1 + 1.1e-5));
      expect(model.objective).toBeGreaterThanOrEqual(single.objective * (1 - 2e-9));
      const most = Math.max(...single.weights.map(Math.abs));
      const furthest = Math.max(...single.weights.map((w, at) => Math.abs(w - model.weights[at])));
      expect(furthest).toBeLessThanOrEqual(0.01 * most + 0.001);
    }
  },
);

test('the λs fall from the least at which every weight is 0', async () => {
  const { lambdas, models } = await fitPath(samples, { nLambdas: 5, lambdaMinRatio: 1e-2 });
  expect(models[0].weights.every((w) => w === 0)).toBe(true);
  expect(models[1].weights.some((w) => w !== 0)).toBe(true);
  expect(lambdas[4] / lambdas[0]).toBeCloseTo(1e-2, 10);
  const below = await fit(samples, { penalty: 'l1', lambda: 0.999 * lambdas[0], tolerance: 1e-10 });
  expect(below.weights.some((w) => w !== 0)).toBe(true);
});

test('the same λs, given, make the same models, bit for bit', async () => {
  const options: LambdaPathOptions = { penalty: 'elastic-net', beta: 0.5 };
  const path = await fitPath(samples, { ...options, nLambdas: 8 });
  const again = await fitPath(samples, { ...options, lambdas: path.lambdas });
  expect(JSON.stringify(again)).toBe(JSON.stringify(path));
});

test('a tighter tolerance is kept', async () => {
  const { models } = await fitPath(samples, { nLambdas: 6, tolerance: 1e-9 });
  for (const model of models) expect(model.certificate?.relativeGap).toBeLessThanOrEqual(1e-9);
});

test('an abort keeps the λs that are done', async () => {
  const whole = await fitPath(samples, { nLambdas: 30 });
  const controller = new AbortController();
  let iterations = 0;
  const path = await fitPath(samples, {
    nLambdas: 30,
    signal: controller.signal,
    onIteration() {
      if (++iterations === 25) controller.abort();
    },
  });
  expect(path.status).toBe('aborted');
  expect(path.models.length).toBeGreaterThan(1);
  expect(path.models.length).toBeLessThan(30);
  expect(path.lambdas).toEqual(whole.lambdas.slice(0, path.models.length));
  expect(JSON.stringify(path.models)).toBe(JSON.stringify(whole.models.slice(0, path.models.length)));
});

test('limits of iterations and time end it with what is done', async () => {
  const few = await fitPath(samples, { nLambdas: 30, maxIterations: 20 });
  expect(few.status).toBe('max-iterations');
  expect(few.models.length).toBeLessThan(30);
  expect((await fitPath(samples, { maxSeconds: 1e-9 })).status).toBe('max-seconds');
});

test('1 and 2 threads and the calling thread alone give the same models, bit for bit', async () => {
  const large = overlappingClasses(8000, 100, 10, 2);
  const options = { nLambdas: 4, lambdaMinRatio: 0.2, tolerance: 1e-4 };
  const alone = await fitPathOn({ ...nodePlatform, canShareMemory: () => false }, large, options);
  expect(alone.models.length).toBe(4);
  for (const threads of [1, 2]) {
    const path = await fitPath(large, { ...options, threads });
    expect(JSON.stringify(path)).toBe(JSON.stringify(alone));
  }
});

test('what has no path is refused by name, and what is possible is said', async () => {
  const refused: readonly [object, string][] = [
    [{ loss: 'hinge' }, 'loss hinge'],
    [{ penalty: 'l2' }, 'penalty l2'],
    [{ penalty: 'none' }, 'penalty none'],
    [{ dropout: 0.5 }, 'dropout'],
    [{ lambda: 0.1 }, 'lambdas'],
    [{ solver: 'owl-qn' }, 'solver'],
    [{ lambdas: [1, 0.5], nLambdas: 2 }, 'instead of'],
  ];
  for (const [options, message] of refused) {
    const run = fitPath(samples, options as LambdaPathOptions);
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toBeInstanceOf(UnsupportedError);
  }
  await expect(fitPath(samples, { lambdas: [0.1, 0.2] })).rejects.toThrow(
    '"lambdas[1]" expected a number below 0.1',
  );
  await expect(fitPath(samples, { lambdas: [0.1, 0] })).rejects.toThrow(RangeError);
  await expect(fitPath(samples, { nLambdas: 0 })).rejects.toThrow('"nLambdas" expected a whole number >= 1');
  await expect(fitPath(samples, { lambdaMinRatio: 1 })).rejects.toThrow(RangeError);
});
