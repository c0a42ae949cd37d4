import { expect, test } from 'vitest';
import { secantPairs } from '../../src/problem/secant-pairs.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** A symmetric positive definite matrix of values about 1. */
function matrix(n: number): number[][] {
  const X = Array.from({ length: n }, (_, a) =>
    Array.from({ length: n }, (_, i) => Math.sin(1.7 * a * i + a + 0.3 * i)),
  );
  return X.map((x) =>
    X.map((z) => Math.fround((2 * x.reduce((sum, value, i) => sum + value * z[i], 0)) / n)),
  );
}

test.each([
  ['curvature that grew', 1.3],
  ['curvature that Powell bounds', 0.05],
] as const)('%s: rows that come later are corrected as if they had been there, in f32', (_, growth) => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const [n, first] = [75, 47];
  const stride = 76;
  const A = matrix(n);
  const H = arena.f32(arena.allocate(4 * n * stride), n * stride);
  const place = (from: number, to: number) => {
    for (let a = 0; a < to; a++) {
      for (let b = 0; b < to; b++) if (a >= from || b >= from) H[a * stride + b] = A[a][b];
    }
  };
  const corrections: { y: Float64Array; factor: number }[] = [];
  const homotopy = {
    room: n,
    reset() {},
    stand: () => false,
    solve() {},
    minimize: () => false,
    correct(y: number, factor: number) {
      corrections.push({ y: arena.f64(y, first).slice(), factor });
    },
  };
  const pairs = secantPairs(runtime, { hessian: H.byteOffset, stride, homotopy }, n);
  const twin = A.map((row) => [...row]);
  const order = Int32Array.from({ length: n }, (_, a) => a);
  place(0, first);
  for (let step = 0; step < 3; step++) {
    const s = Float64Array.from({ length: n }, (_, a) => (a < first ? Math.cos(a * (step + 2)) : 0));
    const u = Float64Array.from(twin, (row) => row.reduce((sum, h, b) => sum + h * s[b], 0));
    const change = u.map((value, a) => growth * value + 0.1 * Math.sin(a + step));
    pairs.correct({ s: s.slice(0, first), u: u.slice(0, first), change, coordinates: order.slice(0, first) });
    const su = s.reduce((sum, value, a) => sum + value * u[a], 0);
    const sy = s.reduce((sum, value, a) => sum + value * change[a], 0);
    const part = sy < 0.2 * su ? (0.8 * su) / (su - sy) : 1;
    const y = change.map((value, a) => part * value + (1 - part) * u[a]);
    const curvature = y.reduce((sum, value, a) => sum + value * s[a], 0);
    twin.forEach((row, a) => {
      for (let b = 0; b < n; b++) row[b] += (y[a] * y[b]) / curvature - (u[a] * u[b]) / su;
    });
    expect(corrections.at(-2)?.factor).toBeCloseTo(1 / curvature, 10);
    expect(corrections.at(-1)?.factor).toBeCloseTo(-1 / su, 10);
    corrections.at(-2)?.y.forEach((value, a) => {
      expect(value).toBeCloseTo(y[a], 10);
    });
  }
  place(first, 60);
  pairs.extend(order.slice(0, 60), first);
  place(60, n);
  pairs.extend(order, 60);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) expect(Math.abs(H[a * stride + b] - twin[a][b])).toBeLessThan(2e-5);
  }
});
