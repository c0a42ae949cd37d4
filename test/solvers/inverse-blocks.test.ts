import { expect, test } from 'vitest';
import type { Objective } from '../../src/problem/objective.ts';
import { inverseBlocks } from '../../src/solvers/inverse-blocks.ts';

test('blocks leave out pairs of little curvature beside the ridge, and beside even probabilities', () => {
  const leftOut = (ridge: number) => {
    let most = Number.NaN;
    const list = (negligible: number) => {
      most = negligible;
      return 0;
    };
    const objective = {
      classBlocks: () => ({ list, invert() {} }),
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

test('blocks are made anew within a price, and that of the inverses alone needs no look at the pairs', () => {
  const done: string[] = [];
  const objective = {
    classBlocks: () => ({
      leastPasses: 3,
      list: () => {
        done.push('listed');
        return 8;
      },
      invert: () => done.push('inverted'),
    }),
    prepareHessian: () => done.push('prepared'),
    layout: { nClasses: 4 },
    penalty: { ridge: 1e-3 },
  } as unknown as Objective;
  const preconditioner = inverseBlocks(objective);
  const prices = [2, 7, 8].map((most) => preconditioner?.prepareWithin?.(Float64Array.of(1), most));
  expect(prices).toEqual([3, 8, 0]);
  expect(done).toEqual(['prepared', 'listed', 'prepared', 'listed', 'inverted']);
});
