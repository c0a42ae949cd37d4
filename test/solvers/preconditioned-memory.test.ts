import { expect, test } from 'vitest';
import type { Objective } from '../../src/problem/objective.ts';
import { vectorSpace } from '../../src/problem/vector-space.ts';
import { preconditionedMemory } from '../../src/solvers/preconditioned-memory.ts';
import type { Preconditioner } from '../../src/solvers/preconditioner.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const TARGET = 1e-6;
const identity = (): Preconditioner => ({ prepare() {}, apply: (x, out) => out.set(x) });

/** A memory with a late preconditioner of price 1, and a step of one pass that multiplies the gap. */
async function descent(first?: Preconditioner) {
  const vectors = vectorSpace(await kernelRuntime());
  const spent = { passes: 0 };
  const objective = Object.assign(spent, { vectors, layout: { size: 2 } }) as unknown as Objective;
  const late = identity();
  const memory = preconditionedMemory(objective, 3, {
    ...(first ? { preconditioner: first } : {}),
    diagonal: identity(),
    late: [{ passes: 1, saves: 0.75, make: () => late }],
  });
  let gap = 1;
  const point = () => ({
    theta: new Float64Array(2),
    gradient: new Float64Array(2),
    value: 1,
    gap,
    target: TARGET,
    passes: spent.passes,
  });
  const step = (factor: number) => {
    gap *= factor;
    spent.passes++;
    memory.follow(point());
  };
  /** Steps until `is` what it starts from, at most `most`. */
  const stepsUntil = (is: Preconditioner | null, factor: number, most: number) => {
    let steps = 0;
    while (memory.given() !== is && steps < most) {
      step(factor);
      steps++;
    }
    return steps;
  };
  return { memory, vectors, late, stepsUntil };
}

test('a late preconditioner that leads nowhere gives way to the one before', async () => {
  const first = identity();
  for (const end of ['reset', 'rescue'] as const) {
    const { memory, late, stepsUntil } = await descent(first);
    expect(stepsUntil(late, 0.8, 100)).toBeLessThan(100);
    expect(memory[end]()).toBe(true);
    expect(memory.given()).toBe(first);
  }
  const { memory, late, stepsUntil } = await descent();
  stepsUntil(late, 0.8, 100);
  expect(memory.rescue()).toBe(false);
  expect(memory.reset()).toBe(true);
  expect(memory.given()).toBe(null);
  expect(memory.reset()).toBe(false);
});

test('a late preconditioner has twice the passes that were left without it, before the one before is taken again', async () => {
  const first = identity();
  const { late, stepsUntil } = await descent(first);
  // After so many steps by 0.8 so many of 62 are left.
  const taken = stepsUntil(late, 0.8, 100);
  const left = Math.log(1e6) / -Math.log(0.8) - taken;
  expect(stepsUntil(first, 1, 1000)).toBe(Math.floor(2 * left) + 2);
  // And that for good.
  expect(stepsUntil(late, 1, 100)).toBe(100);
});

test('a late preconditioner is kept, however slow, where it took the place of none', async () => {
  const { memory, late, stepsUntil } = await descent();
  stepsUntil(late, 0.8, 100);
  stepsUntil(null, 1, 500);
  expect(memory.given()).toBe(late);
});

test('what six steps in a row of less than 0.06 came from is given up', async () => {
  const first = identity();
  const afterSteps = async (lengths: readonly number[]) => {
    const { memory, vectors, stepsUntil } = await descent(first);
    const zeros = vectors.zeros(2);
    for (const length of lengths) memory.update(length, zeros, zeros, zeros);
    stepsUntil(null, 0.9, 1);
    return memory.given();
  };
  const tiny = Array(5).fill(0.05);
  expect(await afterSteps(tiny)).toBe(first);
  expect(await afterSteps([...tiny, 0.05])).toBe(null);
  expect(await afterSteps([...tiny, 0.07, 0.05])).toBe(first);
});

test('what is made anew for a short step begins with the root of its length', async () => {
  const first = { ...identity(), shortStep: 0.2 };
  const directionAfter = async (length: number) => {
    const { memory, vectors, stepsUntil } = await descent(first);
    stepsUntil(null, 0.9, 1);
    const [gradient, direction] = [vectors.zeros(2), vectors.zeros(2)];
    gradient.set([1, -2]);
    memory.update(length, gradient, gradient, gradient);
    stepsUntil(null, 0.9, 1);
    memory.direction(gradient, direction);
    return Array.from(direction);
  };
  expect(await directionAfter(0.0625)).toEqual([-0.25, 0.5]);
  expect(await directionAfter(0.25)).toEqual([-1, 2]);
});
