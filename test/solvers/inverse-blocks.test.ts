import { expect, test } from 'vitest';
import type { Objective } from '../../src/problem/objective.ts';
import { inverseBlocks } from '../../src/solvers/inverse-blocks.ts';

test('blocks leave out pairs of little curvature beside the ridge, and beside even probabilities', () => {
  const leftOut = (ridge: number) => {
    let most = Number.NaN;
    const invert = (negligible: number) => {
      most = negligible;
    };
    const objective = {
      classBlocks: () => ({ invert }),
      prepareHessian() {},
      layout: { nClasses: 4 },
      penalty: { ridge },
    } as unknown as Objective;
    inverseBlocks(objective)?.prepare(Float64Array.of(1));
    return most;
  };
  expect(leftOut(1e-3)).toBe(2e-3);
  expect(leftOut(100)).toBe(0.025);
});
