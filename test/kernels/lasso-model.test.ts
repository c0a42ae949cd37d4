import { expect, test } from 'vitest';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** A model whose Hessian is AᵀA with nearly collinear columns, its plain descent in f64 included. */
function model(size: number, collinear: number) {
  const A = Array.from({ length: size + 3 }, (_, r) =>
    Array.from({ length: size }, (_, a) => Math.sin(r * (a + 1)) + collinear * Math.cos(r)),
  );
  const H = Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (_, b) =>
      Math.fround(A.reduce((sum, row) => sum + row[a] * row[b], 0) / size),
    ),
  );
  const w0 = Array.from({ length: size }, (_, a) => (a % 3 === 0 ? Math.sin(a) : 0));
  const gradient = w0.map((_, a) => 2 * Math.cos(3 * a));
  const lasso = w0.map((_, a) => (a === size - 1 ? 0 : 0.4));
  const ridge = w0.map((_, a) => 0.02 * (a % 4));
  const slopeAt = (w: ArrayLike<number>) =>
    gradient.map((g, a) => {
      let sum = g + ridge[a] * (w[a] - w0[a]);
      for (let b = 0; b < size; b++) sum += H[a][b] * (w[b] - w0[b]);
      return sum;
    });
  return { H, w0, gradient, lasso, ridge, slopeAt };
}

test.each([
  [1, 0],
  [6, 0],
  [13, 1],
  [40, 0.3],
])(
  '%s coordinates, collinearity %s: the minimum, violated by at most 1e-5, and its slope to 1e-6 of the plain one',
  (size, collinear) => {
    const { arena, kernels } = kernelRuntime();
    const { H, w0, gradient, lasso, ridge, slopeAt } = model(size, collinear);
    const stride = Math.ceil(size / 4) * 4 + 4;
    const hessian = arena.allocateF32(size * stride);
    for (const [a, row] of H.entries()) hessian.set(row, a * stride);
    const place = (values: readonly number[]) => {
      const view = arena.allocateF64(size + 4);
      view.set(values);
      return view;
    };
    const weights = place(w0);
    const slope = place(gradient);
    const task = arena.allocate(48);
    arena.f64(task, 1)[0] = 1e-6;
    const maxSweeps = 100_000;
    arena
      .u32(task + 8, 10)
      .set([
        size,
        stride,
        hessian.byteOffset,
        weights.byteOffset,
        slope.byteOffset,
        place(lasso).byteOffset,
        place(ridge).byteOffset,
        maxSweeps,
        arena.allocate(8 * (13 * size + 40)),
        arena.allocate(8 * 30),
      ]);
    expect(kernels.lassoModelDescent(task)).toBeLessThan(maxSweeps);

    const expected = slopeAt(weights);
    const scale = 1 + Math.max(...gradient.map(Math.abs)) + Math.max(...H.flat().map(Math.abs)) * size;
    for (let a = 0; a < size; a++) {
      expect(Math.abs(slope[a] - expected[a])).toBeLessThan(1e-6 * scale);
      const w = weights[a];
      const violation =
        w === 0
          ? Math.max(0, Math.abs(expected[a]) - lasso[a])
          : Math.abs(expected[a] + Math.sign(w) * lasso[a]);
      expect(violation).toBeLessThan(1e-5 * scale);
    }
    if (size > 6) expect(weights.subarray(0, size).some((w) => w === 0)).toBe(true);
  },
);

test('no more sweeps than allowed', () => {
  const { arena, kernels } = kernelRuntime();
  const { H, w0, gradient } = model(8, 3);
  const hessian = arena.allocateF32(64);
  hessian.set(H.flat());
  const zeros = () => arena.allocateF64(12);
  const weights = zeros();
  weights.set(w0);
  const slope = zeros();
  slope.set(gradient);
  const task = arena.allocate(48);
  const [lasso, ridge] = [zeros(), zeros()];
  arena
    .u32(task + 8, 10)
    .set([
      8,
      8,
      hessian.byteOffset,
      weights.byteOffset,
      slope.byteOffset,
      lasso.byteOffset,
      ridge.byteOffset,
      1,
      arena.allocate(8 * (13 * 8 + 40)),
      arena.allocate(8 * 30),
    ]);
  expect(kernels.lassoModelDescent(task)).toBe(1);
});
