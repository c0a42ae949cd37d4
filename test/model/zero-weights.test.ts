import { describe, expect, test } from 'vitest';
import { DataError } from '../../src/errors.ts';
import { fit, parseTable } from '../../src/node.ts';

/** Two classes on x; z is 0.1 in every row that counts and 3 in the one of weight 0. */
const x = [0, 1, 2, 1.5, 2.5, 3, 9];
const z = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 3];
const y = ['a', 'a', 'a', 'b', 'b', 'b', 'a'];
const sampleWeight = [1, 1, 1, 1, 1, 1, 0];
const rows = x.map((value, i) => [value, z[i]]);
const options = { lambda: 1e-2, tolerance: 1e-9 };

describe('rows of weight 0 might as well be absent', () => {
  const without = () => fit({ X: rows.slice(0, 6), y: y.slice(0, 6) }, options);

  test('from arrays', async () => {
    const expected = await without();
    const model = await fit({ X: rows, y, sampleWeight }, options);
    expect(model.objective).toBeCloseTo(expected.objective, 12);
    expect(model.weights[0]).toBeCloseTo(expected.weights[0], 5);
    expect(Math.abs(model.weights[1])).toBeLessThan(1e-6);
  });

  test('from a table', async () => {
    const expected = await without();
    const text = `x,z,w,y\n${x.map((value, i) => `${value},${z[i]},${sampleWeight[i]},${y[i]}`).join('\n')}\n`;
    const model = await fit(await parseTable(text, { target: 'y', weight: 'w' }), options);
    expect(model.objective).toBeCloseTo(expected.objective, 8);
    expect(Math.abs(model.weights[1])).toBeLessThan(1e-6);
  });

  test('so what is left needs two classes', async () => {
    const onlyA = y.map((label) => (label === 'a' ? 1 : 0));
    const run = fit({ X: rows, y, sampleWeight: onlyA }, options);
    await expect(run).rejects.toThrow(DataError);
    await expect(run).rejects.toThrow('every row of a weight > 0 is of class "a"');
  });
});
