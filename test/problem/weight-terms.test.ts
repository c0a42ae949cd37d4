import { expect, test } from 'vitest';
import { type WeightTerms, weightTerms, weightTermsOn } from '../../src/problem/weight-terms.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Weights of both signs and gradients to match, a third of either 0. */
function fill(weights: Float64Array, gradient: Float64Array) {
  for (let i = 0; i < weights.length; i++) {
    weights[i] = i % 3 === 1 ? 0 : Math.sin(i * 1.3) * 2 ** (i % 7);
    gradient[i] = i % 5 === 2 ? 0 : Math.cos(i * 0.7) * 2 ** -(i % 4);
  }
}

test.each([
  ['ridge', 0.3, 0],
  ['lasso', 0, 0.4],
  ['both', 0.2, 0.3],
  ['neither', 0, 0],
])('the kernel sums what the plain loop does: %s', (_, ridge, lasso) => {
  const runtime = kernelRuntime();
  const terms = weightTermsOn(runtime);
  // One shard, an odd length; five shards, the last one short and odd.
  for (const length of [4, 7, 131_077]) {
    const weights = runtime.arena.allocateF64(length);
    const gradient = runtime.arena.allocateF64(length + 3).fill(1e9);
    fill(weights, gradient);
    const found = terms(weights, gradient, { ridge, lasso });
    const expected = weightTerms(weights, gradient, { ridge, lasso });
    for (const name of Object.keys(expected) as (keyof WeightTerms)[]) {
      // g w has both signs, and is all of the gap without a penalty.
      const cancels = name === 'product' || ridge + lasso === 0;
      const scale = cancels ? expected.squares + expected.gradientSquares : expected[name];
      expect(Math.abs(found[name] - expected[name]), name).toBeLessThanOrEqual(1e-13 * scale);
    }
  }
});
