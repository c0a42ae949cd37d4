import { expect, test } from 'vitest';
import { randomSequence } from '../../src/data/random.ts';
import { vectorSpace } from '../../src/problem/vector-space.ts';
import { inverseHessian } from '../../src/solvers/lbfgs-memory.ts';
import type { Preconditioner } from '../../src/solvers/preconditioner.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const SIZE = 9;
const MEMORY = 4;

interface Step {
  readonly s: number[];
  readonly y: number[];
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);

/** −H g by the updates one after the other: H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ. */
function plainDirection(steps: readonly Step[], start: (x: number[]) => number[], g: number[]): number[] {
  const times = (count: number, x: number[]): number[] => {
    if (count === 0) return start(x);
    const { s, y } = steps[count - 1];
    const alpha = dot(s, x) / dot(s, y);
    const inner = times(
      count - 1,
      x.map((value, i) => value - alpha * y[i]),
    );
    const beta = dot(y, inner) / dot(s, y);
    return inner.map((value, i) => value + (alpha - beta) * s[i]);
  };
  return times(steps.length, g).map((x) => -x);
}

const scaling = (x: ArrayLike<number>) => Array.from(x, (value, i) => value / (i + 1));
const diagonal: Preconditioner = { prepare() {}, apply: (x, out) => out.set(scaling(x)) };

const both: Preconditioner = {
  prepare() {},
  apply: diagonal.apply,
  applyBoth(x, out, otherX, otherOut) {
    out.set(scaling(x));
    otherOut.set(scaling(otherX));
  },
};

const cases: readonly [string, Preconditioner | null][] = [
  ['the identity', null],
  ['a preconditioner', diagonal],
  ['one taken as it is', { ...diagonal, scaling: 'none' }],
  ['one scaled by the root', { ...diagonal, scaling: 'root' }],
  ['one that takes two vectors at once', both],
];
const POWERS = { whole: 1, root: 0.5, none: 0 };

test.each(cases)('directions are those of BFGS updates of %s', (_, preconditioner) => {
  const { lists, ...vectors } = vectorSpace(kernelRuntime());
  const random = randomSequence(9, 1);
  const vector = () => Float64Array.from({ length: SIZE }, () => random.nextUniform() - 0.5);
  const placed = (values: ArrayLike<number>) => {
    const at = vectors.zeros(SIZE);
    at.set(values);
    return at;
  };
  const hessian = inverseHessian({ lists, ...vectors }, SIZE, MEMORY, preconditioner);
  let steps: Step[] = [];
  for (let round = 0; round < 3 * MEMORY; round++) {
    if (round === 2 * MEMORY - 1) {
      hessian.clear();
      steps = [];
    }
    const direction = vector();
    const before = vector();
    // Every fifth step's curvature is negative: it is not kept, and takes no other's place wrongly.
    const sign = round % 5 === 4 ? -1 : 1;
    const after = before.map((b, i) => b + sign * (2 + (i % 3)) * direction[i]);
    hessian.update(0.5, placed(direction), placed(before), placed(after));
    if (steps.length === MEMORY) steps.shift();
    if (sign > 0) {
      steps.push({
        s: Array.from(direction, (x) => 0.5 * x),
        y: Array.from(after, (x, i) => x - before[i]),
      });
    }
    const last = steps.at(-1);
    const start = preconditioner === null ? (x: ArrayLike<number>) => Array.from(x) : scaling;
    const whole = last === undefined ? 1 : dot(last.s, last.y) / dot(last.y, start(last.y));
    const gamma = whole ** POWERS[preconditioner?.scaling ?? 'whole'];
    const g = vector();
    const out = vectors.zeros(SIZE);
    hessian.direction(placed(g), out);
    const expected = plainDirection(steps, (x) => start(x).map((value) => gamma * value), [...g]);
    for (const [i, x] of expected.entries()) expect(out[i]).toBeCloseTo(x, 10);
  }
});

test('a pair tells γ with the next direction, unless another has taken its place before', () => {
  const vectors = vectorSpace(kernelRuntime());
  const placed = (...values: number[]) => {
    const at = vectors.zeros(values.length);
    at.set(values);
    return at;
  };
  const applied: number[][] = [];
  const halves: Preconditioner = {
    prepare() {},
    apply(x, out) {
      applied.push([...x]);
      out.set(x.map((value) => value / 2));
    },
  };
  const memory = inverseHessian(vectors, 2, 1, halves);
  const out = vectors.zeros(2);
  const [zero, ones] = [placed(0, 0), placed(1, 1)];
  memory.update(1, placed(3, 0), zero, placed(1, 0));
  expect(applied).toEqual([]);
  memory.direction(ones, out);
  expect(applied).toEqual([
    [0, 1],
    [1, 0],
  ]);
  // γ = sᵀy / yᵀDy = 3 / ½
  expect([...out]).toEqual([-3, -3]);
  applied.length = 0;
  memory.update(1, placed(1, 0), zero, placed(1, 0));
  // Of negative curvature, in the only pair's room.
  memory.update(1, placed(1, 0), zero, placed(-5, 0));
  memory.direction(ones, out);
  expect(applied).toEqual([[1, 1]]);
  expect([...out]).toEqual([-3, -3]);
});
