import { expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { hingeHessian } from '../../src/problem/hinge-hessian.ts';
import { hingeLine } from '../../src/problem/hinge-line.ts';
import { leadingDirections } from '../../src/problem/leading-directions.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { rowProjections } from '../../src/problem/row-projections.ts';
import { compactTrainingSet, denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const [n, d, K] = [600, 6, 5];
const wave = (i: number) => Math.fround(Math.sin(1 + 3.7 * i));
const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => wave(i * d + j)));
const y = X.map((_, i) => (i * 7) % K);
const v = X.map((_, i) => 0.5 + (i % 4) / 4);
const base = X[7].map((x) => Math.fround(20 * x));
const { size, stride } = parameterLayout(d, K);

/** A smoothed hinge with centres, at a point and a direction. */
function pose(weighted: boolean, compact = false) {
  const runtime = kernelRuntime();
  const data = { X, y, nClasses: K, ...(weighted ? { sampleWeights: v } : {}) };
  const set = compact ? compactTrainingSet(runtime, data, base, 4) : denseTrainingSet(runtime.arena, data, 4);
  const passes = dataPasses(runtime, set, { kind: 'hinge', margin: 1, smoothing: 0.7 });
  const vector = (seed: number) => {
    const x = runtime.arena.allocateF64(size);
    for (let i = 0; i < size; i++) x[i] = i % stride < K ? wave(seed + i) : 0;
    return x;
  };
  const [centre, theta, direction, out] = [vector(100), vector(500), vector(900), vector(0)];
  passes.recentre(centre);
  const { hinge } = passes;
  if (hinge === undefined) throw new Error('hinge passes have a state');
  return { runtime, set, passes, hinge, theta, direction, out };
}

for (const weighted of [true, false]) {
  test(`in all directions it is the Hessian of passes, to 1e-5, weighted ${weighted}`, () => {
    const { runtime, set, passes, hinge, theta, out, direction } = pose(weighted);
    if (set.matrix.kind !== 'dense') throw new Error('no dense rows');
    const directions = leadingDirections(runtime, set.matrix, d);
    const { projected, project } = rowProjections(runtime, set.matrix, directions);
    project();
    const hessian = hingeHessian(runtime, set, projected, true);
    expect(hessian.size).toBe((d + 1) * K);
    const H = choleskyMatrix(runtime, hessian.size);
    // What an earlier one left there does not count.
    H.values.fill(3);
    passes.prepareHessian(theta);
    hessian.fill(hinge.curvatures(), H);
    for (let at = 0; at < hessian.size; at++) {
      const [m, k] = [Math.floor(at / K), at % K];
      direction.fill(0);
      if (m === d) direction[d * stride + k] = 1;
      else
        for (let j = 0; j < d; j++) direction[j * stride + k] = directions.values[j * directions.stride + m];
      passes.hessianProduct(direction, out);
      for (let row = at; row < hessian.size; row++) {
        const [l, c] = [Math.floor(row / K), row % K];
        let expected = l === d ? out[d * stride + c] : 0;
        for (let j = 0; l < d && j < d; j++) {
          expected += directions.values[j * directions.stride + l] * out[j * stride + c];
        }
        expect(Math.abs(H.values[row * H.rowStride + at] - expected)).toBeLessThan(1e-5);
      }
    }
  });

  test.each([false, true])(
    `a line's step leaves a twentieth of the slope, weighted ${weighted}, compact %s`,
    (compact) => {
      const { runtime, set, passes, hinge, theta, direction, out } = pose(weighted, compact);
      const ridge = 0.01;
      const slopeAt = (step: number) => {
        const at = runtime.arena.allocateF64(size);
        for (let i = 0; i < size; i++) at[i] = theta[i] + step * direction[i];
        passes.lossAndGradient(at, out, 'double');
        let slope = 0;
        for (let i = 0; i < size; i++) {
          slope += direction[i] * (out[i] + (i < d * stride ? 2 * ridge * at[i] : 0));
        }
        return slope;
      };
      if (slopeAt(0) > 0) for (let i = 0; i < size; i++) direction[i] *= -1;
      for (const length of [1, 0.05, 20]) {
        for (let i = 0; i < size; i++) direction[i] *= length;
        const step = hingeLine(runtime, set, hinge)(theta, direction, ridge);
        expect(step).toBeGreaterThan(0);
        expect(Math.abs(slopeAt(step))).toBeLessThan(0.051 * Math.abs(slopeAt(0)));
      }
      for (let i = 0; i < size; i++) direction[i] *= -1;
      expect(hingeLine(runtime, set, hinge)(theta, direction, ridge)).toBe(1);
    },
  );
}
