import { describe, expect, it } from 'vitest';
import { createHingeDualTask } from '../../src/problem/hinge-dual-task.ts';
import { poseHinge } from '../solvers/hinge-problems.ts';
import { scattered } from '../twins/scattered.ts';

/** The certificate's passes over rows whose factors differ, against plain sums. */

const [n, d, K, stride] = [50, 4, 5, 8];
const X = Array.from({ length: n }, (_, i) => [
  ...Array.from({ length: d }, (_, j) => scattered(1 + i * d + j)),
  100 * (1.1 + scattered(3000 + i)),
]);
const y = X.map((_, i) => (i * 7) % K);
const weights = X.map((_, i) => 0.5 + (i % 3));
const meanWeight = weights.reduce((sum, v) => sum + v, 0) / n;
const v = weights.map((weight) => weight / meanWeight);
const classes = Array.from({ length: K }, (_, k) => k);
/** Word of the task's struct that points to a. */
const ALPHA = 28;

function pose() {
  const { runtime, problem, theta } = poseHinge(
    { X, y, nClasses: K, sampleWeights: weights },
    { ridge: 0.01, intercept: false },
  );
  const task = createHingeDualTask(runtime, problem, 0);
  const { mean } = task.rows;
  if (mean === null) throw new Error('the mean is long');
  const factors = Array.from(runtime.arena.f64(mean.factors, n));
  expect(Math.min(...factors)).toBeLessThan(0.5);
  expect(Math.max(...factors)).toBeGreaterThan(1.5);
  const alpha = runtime.arena.f64(runtime.arena.u32(task.pointer, ALPHA + 1)[ALPHA], n * stride);
  for (let i = 0; i < n; i++) {
    for (const k of classes) if (k !== y[i]) alpha[i * stride + k] = v[i] * share(i * K + k);
  }
  const sums = (length: number) => {
    const all = task.views.partials;
    const total = new Float64Array(length);
    for (let shard = 0; shard < task.nShards; shard++) {
      for (let at = 0; at < length; at++) total[at] += all[(shard * all.length) / task.nShards + at];
    }
    return total;
  };
  return { runtime, task, factors, alpha, theta, sums };
}

/** 0, 1 and what is between */
function share(seed: number): number {
  return Math.min(1, Math.max(0, 0.5 + 0.7 * scattered(9000 + seed)));
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  for (let at = 0; at < expected.length; at++) {
    expect(Math.abs(actual[at] - expected[at])).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(expected[at])));
  }
}

describe('a repair', () => {
  const potentials = [0.3, -0.4, 0.1, 0, 0.2];
  const run = (phi: readonly number[], slack: number, next: number) => {
    const { runtime, task, factors, alpha, sums } = pose();
    task.views.potentials.fill(Math.max(...phi));
    task.views.potentials.set(phi);
    const before = alpha.slice();
    task.fields.setSlacks(slack, next);
    runtime.run('hingeDualRepair', task.pointer, task.nShards);
    const total = sums(1 + stride + stride * stride);
    return {
      factors,
      before,
      alpha,
      mass: total[0],
      columns: total.slice(1, 1 + K),
      flow: classes.map((k) => classes.map((l) => total[1 + stride + k * stride + l])),
    };
  };

  it('is that of the plain twin', () => {
    const [slack, next] = [0.02, 0.01];
    const { factors, before, alpha, mass, columns, flow } = run(potentials, slack, next);
    let plainMass = 0;
    const plainColumns = classes.map(() => 0);
    const plainFlow = classes.map(() => classes.map(() => 0));
    X.forEach((_, i) => {
      for (const k of classes) {
        if (k === y[i]) continue;
        const a = before[i * stride + k];
        const weight = Math.min(a, v[i] - a) + slack * v[i];
        const push = factors[i] * (potentials[y[i]] - potentials[k]);
        const next0 = Math.min(Math.max(a + weight * push, 0), v[i]);
        expect(alpha[i * stride + k]).toBeCloseTo(next0, 12);
        plainMass += next0;
        plainColumns[k] += factors[i] * next0;
        plainColumns[y[i]] -= factors[i] * next0;
        plainFlow[y[i]][k] += factors[i] ** 2 * (Math.min(next0, v[i] - next0) + next * v[i]);
      }
    });
    expectClose([mass], [plainMass]);
    expectClose(columns, plainColumns);
    for (const k of classes) {
      for (const l of classes) if (k !== l) expectClose([flow[k][l]], [plainFlow[k][l]]);
    }
  });

  it('moves the column sums as the Laplacian of its flow foretells', () => {
    const before = run([0, 0, 0, 0, 0], 0, 0);
    const small = potentials.map((phi) => 0.1 * phi);
    const after = run(small, 0, 0);
    const foretold = classes.map((k) => {
      let change = 0;
      for (const l of classes) {
        if (l !== k) change -= (before.flow[k][l] + before.flow[l][k]) * (small[k] - small[l]);
      }
      return change;
    });
    expect(Math.max(...foretold.map(Math.abs))).toBeGreaterThan(0.1);
    expectClose(
      after.columns.map((sum, k) => sum - before.columns[k]),
      foretold,
    );
  });
});

describe('a pass over the intercepts', () => {
  const MU = 0.7;
  const shifts = [0.2, -0.3, 0.1, 0.4, 0];
  const posed = () => {
    const { runtime, task, factors, theta, sums } = pose();
    theta.forEach((_, at) => {
      if (at % stride < K && at < (d + 1) * stride) theta[at] = 0.02 * scattered(20_000 + at);
    });
    task.fields.setTheta(theta);
    task.views.scoreIntercepts.fill(0);
    runtime.run('hingeScores', task.pointer, task.nShards);
    const at = (moved: readonly number[]) => {
      task.views.shifts.set(moved);
      task.fields.setSmoothing(MU);
      runtime.run('hingeInterceptPass', task.pointer, task.nShards);
      const total = sums(2 + stride + stride * stride);
      return {
        exact: total[0],
        smoothed: total[1],
        gradient: total.slice(2, 2 + K),
        hessian: classes.map((k) => classes.map((l) => total[2 + stride + k * stride + l])),
      };
    };
    return { factors, theta, at };
  };

  it('is that of the plain twin', () => {
    const { factors, theta, at } = posed();
    let [exact, smoothed] = [0, 0];
    const gradient = classes.map(() => 0);
    const hessian = classes.map(() => classes.map(() => 0));
    X.forEach((row, i) => {
      const scores = classes.map(
        (k) =>
          row.reduce((sum, x, j) => sum + Math.fround(x) * theta[j * stride + k], 0) + factors[i] * shifts[k],
      );
      for (const k of classes) {
        const excess = scores[k] - scores[y[i]] + 1;
        if (k === y[i] || excess <= 0) continue;
        const curved = excess < MU;
        exact += v[i] * excess;
        smoothed += v[i] * (curved ? excess ** 2 / (2 * MU) : excess - MU / 2);
        const slope = v[i] * factors[i] * (curved ? excess / MU : 1);
        gradient[k] += slope;
        gradient[y[i]] -= slope;
        if (!curved) continue;
        const curvature = (v[i] * factors[i] ** 2) / MU;
        hessian[k][k] += curvature;
        hessian[y[i]][y[i]] += curvature;
        hessian[k][y[i]] -= curvature;
        hessian[y[i]][k] -= curvature;
      }
    });
    const pass = at(shifts);
    expectClose([pass.exact, pass.smoothed], [exact, smoothed]);
    expectClose(pass.gradient, gradient);
    expectClose(pass.hessian.flat(), hessian.flat());
  });

  it('has the gradient and the Hessian of its smoothed loss', () => {
    const { at } = posed();
    const { gradient, hessian } = at(shifts);
    const step = 1e-6;
    for (const k of classes) {
      const up = at(shifts.map((b, l) => (l === k ? b + step : b)));
      const down = at(shifts.map((b, l) => (l === k ? b - step : b)));
      expect((up.smoothed - down.smoothed) / (2 * step)).toBeCloseTo(gradient[k], 6);
      for (const l of classes) {
        expect((up.gradient[l] - down.gradient[l]) / (2 * step)).toBeCloseTo(hessian[k][l], 4);
      }
    }
  });
});
