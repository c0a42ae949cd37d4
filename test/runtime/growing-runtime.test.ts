import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { Crew } from '../../src/runtime/crew.ts';
import { announceDeath } from '../../src/runtime/dispatch.ts';
import { growingRuntime, startReaders } from '../../src/runtime/growing-runtime.ts';
import { gatherFollowers, leadingRuntime } from '../../src/runtime/leading-runtime.ts';
import type { Platform } from '../../src/runtime/platform.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { returnWorkbench, takeWorkbench } from '../../src/runtime/workbench.ts';
import { kernelModule, kernelRuntime } from '../twins/kernel-runtime.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

const crews: Crew[] = [];

afterEach(() => {
  for (const crew of crews.splice(0)) crew.dismiss();
});

function growing(threads: number | null, processors: number, fails: 'never' | 'later' | 'at once' = 'never') {
  const { arena, kernels } = kernelRuntime();
  const bench = { module: kernelModule, arena, kernels, crew: new Crew() };
  crews.push(bench.crew);
  let spawned = 0;
  const platform: Platform = {
    ...nodePlatform,
    processors: () => processors,
    spawn(role) {
      spawned++;
      if (fails === 'at once') throw new Error('no worker');
      const worker = nodePlatform.spawn(role);
      const onError = (listener: (error: Error) => void) => setTimeout(listener, 0, new Error('no worker'));
      return fails === 'later' ? { ...worker, onError } : worker;
    },
  };
  const x = arena.allocateF64(40 * 32768).fill(1);
  const task = arena.allocate(64);
  arena.f64(task, 1)[0] = 2;
  arena.u32(task + 8, 4).set([x.byteOffset, 0, x.length, x.byteOffset]);
  const runtime = growingRuntime(platform, bench, threads);
  const run = (led = runtime) => led.run('scaleShard', task, 40);
  return { bench, platform, x, run, spawned: () => spawned };
}

test('starts other threads once there have been some long runs, and goes on right', async () => {
  const { x, run, spawned } = growing(null, 2);
  for (let i = 0; i < 3; i++) run();
  await turn();
  expect(spawned()).toBe(0);
  run();
  await vi.waitFor(() => expect(spawned()).toBe(1), 5000);
  for (let i = 0; i < 6; i++) run();
  expect(x.every((value) => value === 1024)).toBe(true);
});

test.each(['later', 'at once'] as const)('goes on alone where the others fail %s', async (fails) => {
  const { x, run, spawned } = growing(null, 2, fails);
  for (let i = 0; i < 4; i++) run();
  await vi.waitFor(() => expect(spawned()).toBe(1), 5000);
  await turn();
  for (let i = 0; i < 6; i++) run();
  expect(x.every((value) => value === 1024)).toBe(true);
});

test.each([
  [1, 8],
  [null, 1],
])('starts none with threads %s on %s processors', async (threads, processors) => {
  const { run, spawned } = growing(threads, processors);
  for (let i = 0; i < 10; i++) run();
  await turn();
  expect(spawned()).toBe(0);
});

test('leads the followers of its bench from the first run, where they are not too many', () => {
  const { bench, platform, x, run, spawned } = growing(null, 2);
  startReaders(platform, bench, null);
  const pair = growingRuntime(platform, bench, 2);
  const publish = vi.spyOn(Atomics, 'add');
  run(pair);
  const published = publish.mock.calls.length;
  run(growingRuntime(platform, bench, 1));
  expect(publish.mock.calls.length).toBe(published);
  publish.mockRestore();
  expect(published).toBeGreaterThan(0);
  expect(spawned()).toBe(1);
  expect(x.every((value) => value === 4)).toBe(true);
});

test('leads followers that come after it was made, its own and others', () => {
  const { bench, platform, x, run } = growing(null, 2);
  const late = growingRuntime(platform, bench, 2);
  const publish = vi.spyOn(Atomics, 'add');
  for (let i = 0; i < 4; i++) run();
  expect(publish).not.toHaveBeenCalled();
  run();
  const published = publish.mock.calls.length;
  run(late);
  expect(publish.mock.calls.length).toBeGreaterThan(published);
  publish.mockRestore();
  expect(published).toBeGreaterThan(0);
  expect(x.every((value) => value === 64)).toBe(true);
});

test('asks once, not in each run, whether it may lead followers that are too many', () => {
  const { bench, platform, run } = growing(null, 2);
  startReaders(platform, bench, null);
  const alone = growingRuntime(platform, bench, 1);
  const asked = vi.spyOn(Crew.prototype, 'threads', 'get');
  for (let i = 0; i < 3; i++) run(alone);
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
});

test('a kernel that fails ends the followers, and the next run is right without them', () => {
  const { bench, platform, x, run } = growing(null, 2);
  startReaders(platform, bench, null);
  const pair = leadingRuntime(bench, 2);
  const beyondMemory = 0x7fffff00;
  expect(() => pair.run('scaleShard', beyondMemory, 40)).toThrow();
  expect(bench.crew.threads).toBe(1);
  run(pair);
  expect(x.every((value) => value === 2)).toBe(true);
});

/** A platform whose kernel workers end in their first shard. `dying` resolves what blocks until then. */
function mortal() {
  const claimed = new Int32Array(new SharedArrayBuffer(4));
  const url = new URL('../../dist/program/kernel-worker.js', import.meta.url);
  const source = `const { workerData } = require('node:worker_threads');
    const { Instance } = WebAssembly;
    const die = () => {
      Atomics.store(workerData, 0, 1);
      process.exit(1);
    };
    WebAssembly.Instance = function (...made) {
      const { exports } = new Instance(...made);
      return { exports: Object.fromEntries(Object.keys(exports).map((name) => [name, die])) };
    };
    import(${JSON.stringify(url.href)});`;
  const platform: Platform = {
    ...nodePlatform,
    spawn() {
      const worker = new Worker(source, { eval: true, workerData: claimed });
      return {
        post: (message) => worker.postMessage(message),
        onMessage: (listener) => worker.on('message', listener),
        onError: (listener) => worker.on('exit', () => listener(new Error('it died'))),
        keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
        terminate: () => void worker.terminate(),
      };
    },
  };
  const untilClaimed = () => {
    const until = performance.now() + 5000;
    while (Atomics.load(claimed, 0) === 0 && performance.now() < until);
  };
  return { platform, untilClaimed };
}

test('a follower that dies in a shard fails the pass, though the calling thread is blocked, and the memory is given up', async () => {
  const { platform, untilClaimed } = mortal();
  const bench = await takeWorkbench(platform);
  crews.push(bench.crew);
  const x = bench.arena.allocateF64(40 * 32768).fill(1);
  const task = bench.arena.allocate(64);
  bench.arena.f64(task, 1)[0] = 2;
  bench.arena.u32(task + 8, 3).set([x.byteOffset, 0, x.length]);
  gatherFollowers(platform, bench, 2, 2);
  const runtime = leadingRuntime(bench, 2);
  expect(() => runtime.run('scaleShard', task, 40, { meanwhile: untilClaimed })).toThrow('died');
  expect(bench.crew.threads).toBe(1);
  returnWorkbench(bench, 0);
  expect(await takeWorkbench(platform)).not.toBe(bench);
});

test('a follower that died between passes is not missed', async () => {
  const { bench, platform, x, run } = growing(null, 2);
  startReaders(platform, bench, null);
  const pair = leadingRuntime(bench, 2);
  const { dispatchWords } = bench.crew;
  if (dispatchWords === null) throw new Error('no followers');
  announceDeath(dispatchWords);
  run(pair);
  expect(bench.crew.threads).toBe(1);
  expect(x.every((value) => value === 2)).toBe(true);
});
