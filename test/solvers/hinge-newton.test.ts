import { expect, it } from 'vitest';
import type { DenseMatrix } from '../../src/data/design-matrix.ts';
import { suitsHingeNewton } from '../../src/solvers/hinge-newton.ts';

it('counts projections, scores, centres and pair lists into a bound of 1 GB', () => {
  const suits = (nSamples: number, nFeatures: number, nClasses: number) => {
    const stride = Math.ceil(nFeatures / 4) * 4;
    const matrix: DenseMatrix = { kind: 'dense', nSamples, nFeatures, stride, values: 0 };
    return suitsHingeNewton({
      trainingSet: { matrix, nClasses, labels: 0, sampleWeights: 0 },
      loss: { kind: 'hinge', margin: 1 },
      penalty: { ridge: 1, lasso: 0 },
      intercept: true,
      dropout: 0,
    });
  };
  // 16 directions and a 1 in 20 numbers, four times 28 numbers, 26 / 6 pairs of 12 bytes: 580 bytes.
  const most = Math.floor(2 ** 30 / 580);
  expect(suits(most, 16, 26)).toBe(true);
  expect(suits(most + 1, 16, 26)).toBe(false);
});
