import { expect, test, vi } from 'vitest';
import { growingRuntime } from '../../src/runtime/growing-runtime.ts';
import type { Platform } from '../../src/runtime/platform.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

function growing(threads: number | null, processors: number, fails = false) {
  const { arena, kernels } = kernelRuntime();
  let spawned = 0;
  const platform: Platform = {
    ...nodePlatform,
    processors: () => processors,
    spawn(role) {
      spawned++;
      const worker = nodePlatform.spawn(role);
      const onError = (listener: (error: Error) => void) => setTimeout(listener, 0, new Error('no worker'));
      return fails ? { ...worker, onError } : worker;
    },
  };
  const x = arena.allocateF64(40 * 32768).fill(1);
  const task = arena.allocate(64);
  arena.f64(task, 1)[0] = 2;
  arena.u32(task + 8, 3).set([x.byteOffset, 0, x.length]);
  const runtime = growingRuntime(platform, { arena, kernels }, threads);
  return { runtime, x, run: () => runtime.run('scaleShard', task, 40), spawned: () => spawned };
}

test('starts other threads once there have been some long runs, and goes on right', async () => {
  const { runtime, x, run, spawned } = growing(null, 2);
  for (let i = 0; i < 3; i++) run();
  await turn();
  expect(spawned()).toBe(0);
  run();
  await vi.waitFor(() => expect(spawned()).toBe(1), 5000);
  for (let i = 0; i < 6; i++) run();
  runtime.close();
  expect(x.every((value) => value === 1024)).toBe(true);
});

test('goes on alone where the others cannot start', async () => {
  const { runtime, x, run, spawned } = growing(null, 2, true);
  for (let i = 0; i < 4; i++) run();
  await vi.waitFor(() => expect(spawned()).toBe(1), 5000);
  await turn();
  for (let i = 0; i < 6; i++) run();
  runtime.close();
  expect(x.every((value) => value === 1024)).toBe(true);
});

test.each([
  [1, 8],
  [null, 1],
])('starts none with threads %s on %s processors', async (threads, processors) => {
  const { runtime, run, spawned } = growing(threads, processors);
  for (let i = 0; i < 10; i++) run();
  await turn();
  expect(spawned()).toBe(0);
  runtime.close();
});
