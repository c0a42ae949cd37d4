import { describe, expect, test } from 'vitest';
import type { FitOptions } from '../../src/model/options.ts';
import { fit } from '../../src/node.ts';
import { overlappingClasses } from '../model/fit-samples.ts';

const data = overlappingClasses(60, 4, 3, 7);
const penalties: readonly FitOptions[] = [
  { penalty: 'l2', lambda: 1e-1 },
  { penalty: 'l2', lambda: 1e-5 },
  { penalty: 'l1', lambda: 1e-2 },
  { penalty: 'l1', lambda: 1e-4 },
  { penalty: 'elastic-net', lambda: 1e-3, beta: 0.5 },
];

describe('the interior point', () => {
  for (const penalty of penalties) {
    for (const intercept of [true, false]) {
      const title = `${penalty.penalty}, λ ${penalty.lambda}, ${intercept ? 'with' : 'without'} intercept`;
      test(`closes the gap in few steps: ${title}`, async () => {
        const options: FitOptions = { ...penalty, loss: 'hinge', intercept };
        const model = await fit(data, { ...options, solver: 'interior-point', tolerance: 1e-8 });
        expect(model.status).toBe('converged');
        expect(model.iterations).toBeLessThan(50);
        expect(model.certificate?.relativeGap).toBeLessThanOrEqual(1e-8);
        const other = await fit(data, { ...options, solver: 'smoothing', tolerance: 1e-3 });
        expect(model.objective).toBeLessThanOrEqual(other.objective * (1 + 1e-8));
        expect(model.certificate?.lowerBound).toBeLessThanOrEqual(other.objective);
        expect(model.objective).toBeGreaterThanOrEqual((other.certificate?.lowerBound ?? 0) * (1 - 1e-8));
      });
    }
  }

  test('certifies where a class has no weight', async () => {
    const sampleWeight = Array.from(data.y, (label) => (label === data.y[0] ? 0 : 1));
    const options: FitOptions = { loss: 'hinge', lambda: 1e-2, tolerance: 1e-8 };
    const model = await fit({ ...data, sampleWeight }, { ...options, solver: 'interior-point' });
    expect(model.status).toBe('converged');
    expect(model.predict(data.X)).not.toContain(data.y[0]);
  });

  test('is refused where there is nothing to certify by', async () => {
    const run = fit(data, { loss: 'hinge', penalty: 'none', solver: 'interior-point' });
    await expect(run).rejects.toThrow('hinge with a penalty and at most 300 unknowns');
  });
});
