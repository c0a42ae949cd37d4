import { describe, expect, test } from 'vitest';
import { storedBatches, storedClassifier } from '../../src/cli/training-rows.ts';
import { parseTable } from '../../src/data/read-table.ts';
import { Classifier } from '../../src/model/classifier.ts';
import { exampleState } from '../twins/example-model.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

describe('stored rows have the scores of their rows in original units', () => {
  const n = 1800;
  const number = (i: number): number => 50 + (i % 3);
  test.each([
    ['dense', 3, true, true],
    ['dense', 3, false, true],
    ['dense', 3, true, false],
    ['sparse', 100, true, true],
    ['sparse', 100, false, true],
    ['sparse', 100, true, false],
  ] as const)('%s, %i levels, standardize %s, center %s', async (kind, nLevels, standardize, center) => {
    const name = (i: number): string => `v${String(i % nLevels).padStart(2, '0')}`;
    // The value 51 is the mean: a sparse matrix does not store it.
    const lines = Array.from({ length: n }, (_, i) => `${name(i)},${number(i)},${name(i + 1)},${i % 2}`);
    const table = await parseTable(`t,n,u,y\n${lines.join('\n')}\n`, { target: 'y' });
    const runtime = kernelRuntime();
    const training = await table.place(runtime, { standardize, center });
    expect(training.matrix.kind).toBe(kind);
    const nFeatures = 2 * nLevels + 1;
    const model = new Classifier(
      exampleState({
        classes: ['a', 'b', 'c'],
        nFeatures,
        featureNames: null,
        weights: Float64Array.from({ length: 3 * nFeatures }, (_, t) => Math.sin(t)),
        intercepts: Float64Array.of(-0.5, 1, 0.25),
      }),
    );
    const stored = storedClassifier(model, runtime.arena, training);
    const scores = [...storedBatches(runtime.arena, training)].flatMap((batch) => [...stored.scores(batch)]);
    const rows = lines.map((_, i) => {
      const row = new Float64Array(nFeatures);
      row[i % nLevels] = 1;
      row[nLevels] = number(i);
      row[nLevels + 1 + ((i + 1) % nLevels)] = 1;
      return row;
    });
    const expected = model.scores(rows);
    expect(scores).toHaveLength(expected.length);
    const largest = scores.reduce((most, s, t) => Math.max(most, Math.abs(s - expected[t])), 0);
    // Stored values are rounded to single precision.
    expect(largest).toBeLessThan(1e-5);
  });
});
