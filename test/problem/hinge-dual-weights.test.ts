import { expect, test } from 'vitest';
import { certifyHinge, continueFrom } from '../../src/problem/hinge-certificate.ts';
import { createHingeDualTask } from '../../src/problem/hinge-dual-task.ts';
import { poseHinge } from '../solvers/hinge-problems.ts';
import { scattered } from '../twins/scattered.ts';

const [n, d, K, stride] = [60, 12, 5, 8];
/** Columns of 5 to 60 rows, the last in all of them. */
const X = Array.from({ length: n }, (_, i) =>
  Array.from({ length: d }, (_, j) => ((i * 5) % (d - j) === 0 ? 0.5 + scattered(1 + i * d + j) : 0)),
);
const y = X.map((_, i) => (i * 7) % K);
/** Word of the task's struct that points to a. */
const ALPHA = 28;

test('W of the steps is that of a, feature by feature, after epochs and after a certificate', () => {
  const { runtime, problem } = poseHinge({ X, y, nClasses: K }, { ridge: 0.01, layout: 'sparse' });
  const task = createHingeDualTask(runtime, problem, 3);
  const { places, views, kappa } = task;
  if (places === null) throw new Error('sparse rows have places');
  expect(Array.from(places)).not.toEqual(X[0].map((_, j) => j));
  const alpha = runtime.arena.f64(runtime.arena.u32(task.pointer, ALPHA + 1)[ALPHA], n * stride);

  const expectWeightsOfA = () => {
    let largest = 0;
    for (let j = 0; j < d; j++) {
      const plain = new Float64Array(K);
      X.forEach((row, i) => {
        for (let k = 0; k < K; k++) {
          if (k === y[i]) continue;
          plain[k] -= kappa * alpha[i * stride + k] * row[j];
          plain[y[i]] += kappa * alpha[i * stride + k] * row[j];
        }
      });
      for (const [k, w] of plain.entries()) {
        largest = Math.max(largest, Math.abs(w));
        expect(views.weights[places[j] * stride + k]).toBeCloseTo(w, 5);
      }
    }
    expect(largest).toBeGreaterThan(0.1);
  };

  for (let epoch = 0; epoch < 3; epoch++) {
    task.fields.setEpoch(epoch);
    runtime.kernels.dualCoordinateEpoch(task.pointer);
  }
  expectWeightsOfA();
  continueFrom(runtime, certifyHinge(runtime, problem, task, 4), task, false);
  expectWeightsOfA();
});
