import { expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Arena } from '../../src/runtime/arena.ts';
import { subspaceInverse } from '../../src/solvers/subspace-inverse.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** More features and directions than a shard of either kernel has. */
const [d, count, stride] = [230, 21, 24];
const ridge = 1e-3;

/** Cosines over d points, orthonormal to single precision; one column is left 0. */
function cosines(arena: Arena): Float32Array {
  const V = arena.allocateF32(d * stride);
  for (let j = 0; j < d; j++) {
    for (let m = 0; m < count - 1; m++) {
      V[j * stride + m] = Math.sqrt(2 / d) * Math.cos((Math.PI * (j + 0.5) * (m + 1)) / d);
    }
  }
  return V;
}

test.each([
  [3, true],
  [5, false],
])('is V H⁻¹ Vᵀ x + (I − P) x / γ, %i classes, intercept %s, to 1e-6', (K, intercept) => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const layout = parameterLayout(d, K);
  const V = cosines(arena);
  // A diagonal Hessian, so that its inverse is plain.
  const size = (intercept ? count + 1 : count) * K;
  const factor = choleskyMatrix(runtime, size);
  const curvature = (at: number) => 0.1 + ((7 * at) % 11);
  for (let at = 0; at < size; at++) factor.values[at * factor.rowStride + at] = curvature(at);
  const across = 0.5;
  const inverse = subspaceInverse(
    runtime,
    { values: V, stride, count },
    factor,
    { nFeatures: d, nClasses: K },
    ridge,
    across,
  );
  inverse.invert();
  let least = Number.POSITIVE_INFINITY;
  for (let m = 0; m < count; m++) {
    let mean = 0;
    for (let k = 0; k < K; k++) mean += curvature(m * K + k) / K;
    least = Math.min(least, mean);
  }
  const gamma = 2 * ridge + across * least;

  const x = arena.allocateF64(layout.size);
  const out = arena.allocateF64(layout.size).fill(7);
  for (let j = 0; j <= d; j++) {
    for (let k = 0; k < K; k++)
      if (j < d || intercept) x[j * layout.stride + k] = Math.sin(3 * j + 5 * k * k);
  }
  inverse.apply(x, out);
  for (let k = 0; k < K; k++) {
    const along = Array.from({ length: count }, (_, m) => {
      let sum = 0;
      let length = 0;
      for (let j = 0; j < d; j++) {
        sum += V[j * stride + m] * x[j * layout.stride + k];
        length += V[j * stride + m] ** 2;
      }
      return { sum, projection: length === 0 ? 0 : sum / length };
    });
    for (let j = 0; j < d; j++) {
      let expected = x[j * layout.stride + k] / gamma;
      for (const [m, { sum, projection }] of along.entries()) {
        const H = curvature(m * K + k) * (1 + 2e-6) + 2 * ridge;
        expected += V[j * stride + m] * (sum / H - projection / gamma);
      }
      expect(Math.abs(out[j * layout.stride + k] - expected)).toBeLessThan(1e-6);
    }
  }
  expect(Array.from(out.subarray(d * layout.stride + K))).toEqual(Array(layout.stride - K).fill(0));
});

test.each([
  [3, true],
  [5, false],
])('at equal probabilities is that of the Hessian written out, %i classes, intercept %s', (K, intercept) => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const layout = parameterLayout(d, K);
  const size = (intercept ? count + 1 : count) * K;
  const factor = choleskyMatrix(runtime, size);
  const shape = { nFeatures: d, nClasses: K };
  const inverse = subspaceInverse(
    runtime,
    { values: cosines(arena), stride, count },
    factor,
    shape,
    ridge,
    0.5,
  );
  const variances = Float64Array.from({ length: count }, (_, m) => (m < count - 1 ? 3 / (m + 1) : 0));
  const x = arena.allocateF64(layout.size);
  for (let j = 0; j <= d; j++) {
    for (let k = 0; k < K; k++)
      if (j < d || intercept) x[j * layout.stride + k] = Math.sin(3 * j + 5 * k * k);
  }
  const [uniform, factored] = [arena.allocateF64(layout.size), arena.allocateF64(layout.size)];
  inverse.invertUniform(variances);
  inverse.apply(x, uniform);
  for (let m = 0; m * K < size; m++) {
    for (let k = 0; k < K; k++) {
      for (let l = 0; l <= k; l++) {
        const at = (m * K + k) * factor.rowStride + m * K + l;
        const curvature = (m < count ? variances[m] : 1) * ((k === l ? 1 / K : 0) - 1 / K ** 2);
        // Less what invert adds for rounding; γ keeps 2e-6 of it.
        factor.values[at] = k === l && m < count ? curvature / (1 + 2e-6) : curvature;
      }
    }
  }
  inverse.invert();
  inverse.apply(x, factored);
  for (let at = 0; at < d * layout.stride; at++) {
    expect(Math.abs(uniform[at] - factored[at])).toBeLessThan(2e-4);
  }
  // A constant that all intercepts share is free.
  const differences = (out: Float64Array) =>
    Array.from({ length: K }, (_, k) => out[d * layout.stride + k] - out[d * layout.stride]);
  const expected = differences(factored);
  for (const [k, difference] of differences(uniform).entries())
    expect(difference).toBeCloseTo(expected[k], 5);
});
