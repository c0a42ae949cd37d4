import { describe, expect, test } from 'vitest';
import { trainingBatches } from '../../src/cli/training-rows.ts';
import type { FeatureBatch } from '../../src/data/feature-batch.ts';
import { parseTable } from '../../src/data/read-table.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

function rowsOf(batches: Iterable<FeatureBatch>): number[][] {
  const rows: number[][] = [];
  for (const batch of batches) {
    for (let i = 0; i < batch.nRows; i++) {
      if (batch.kind === 'dense') {
        rows.push([...batch.values.subarray(i * batch.nFeatures, (i + 1) * batch.nFeatures)]);
        continue;
      }
      const row = new Array<number>(batch.nFeatures).fill(0);
      for (let p = batch.rowStarts[i]; p < batch.rowStarts[i + 1]; p++) {
        row[batch.indices[p]] = batch.values[p];
      }
      rows.push(row);
    }
  }
  return rows;
}

describe('training rows come back in original units', () => {
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
    const rows = rowsOf(trainingBatches(runtime.arena, training));
    expect(rows).toHaveLength(lines.length);
    let largest = 0;
    rows.forEach((row, i) => {
      const expected = new Array<number>(2 * nLevels + 1).fill(0);
      expected[i % nLevels] = 1;
      expected[nLevels] = number(i);
      expected[nLevels + 1 + ((i + 1) % nLevels)] = 1;
      expected.forEach((x, j) => {
        largest = Math.max(largest, Math.abs(row[j] - x));
      });
    });
    expect(largest).toBeLessThan(1e-5);
  });
});
