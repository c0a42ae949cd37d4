import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Arena } from '../../src/runtime/arena.ts';
import { createRuntime, type OwnRuntime } from '../../src/runtime/create-runtime.ts';
import { createDispatchWords, stopFollowers } from '../../src/runtime/dispatch.ts';
import type { ShardKernel } from '../../src/runtime/kernels.ts';
import { kernelNames } from '../../src/runtime/load.ts';
import type { Platform, PlatformWorker } from '../../src/runtime/platform.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { compileTestKernels } from './test-kernels.ts';

const COUNT = 'count' as ShardKernel;
const COUNT_SLOWLY = 'countSlowly' as ShardKernel;
const FAILING = 'failing' as ShardKernel;

let module: WebAssembly.Module;
let platform: Platform;
const open: OwnRuntime[] = [];

beforeAll(async () => {
  module = await compileTestKernels();
  platform = { ...nodePlatform, loadKernels: async () => module };
});

afterEach(() => {
  for (const runtime of open.splice(0)) runtime.close();
});

async function start(threads: number, on = platform) {
  const runtime = await createRuntime({ platform: on, threads });
  open.push(runtime);
  return runtime;
}

/** Runs every shard once and tells how often each ran. */
function runCounts(runtime: OwnRuntime, kernel: ShardKernel, nShards: number, times = 1) {
  const pointer = runtime.arena.allocate(8 * nShards);
  for (let i = 0; i < times; i++) runtime.run(kernel, pointer, nShards);
  return Array.from(new BigUint64Array(runtime.arena.memory.buffer, pointer, nShards), Number);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each([1, 2, 3, 5])('%i threads', (threads) => {
  test.each([0, 1, 2, 7, 64, 255, 256, 10_000, 40_000])('run each of %i shards once', async (nShards) => {
    const runtime = await start(threads);
    expect(runCounts(runtime, COUNT, nShards)).toEqual(new Array(nShards).fill(1));
  });

  test('run each shard once when threads join and sleep in between', async () => {
    const runtime = await start(threads);
    for (let round = 0; round < 20; round++) {
      expect(runCounts(runtime, COUNT_SLOWLY, 16)).toEqual(new Array(16).fill(1));
      if (round % 5 === 0) await pause(20);
    }
  });

  test('run each shard once while they compete for tiny ones', async () => {
    const runtime = await start(threads);
    await pause(100);
    // Two tasks of different length in turn: a thread that is late for one must not touch the other.
    const counts = [997, 1500].map((length) => {
      const pointer = runtime.arena.allocate(8 * length);
      return new BigUint64Array(runtime.arena.memory.buffer, pointer, length);
    });
    for (let i = 0; i < 300; i++) {
      for (const count of counts) runtime.run(COUNT, count.byteOffset, count.length);
    }
    for (const count of counts) expect(new Set(count)).toEqual(new Set([300n]));
  });

  test.each([0, 1, 2, 64, 5000])('do something else once before %i shards', async (nShards) => {
    const runtime = await start(threads);
    const pointer = runtime.arena.allocate(8 * nShards);
    let called = 0;
    const meanwhile = () => {
      called++;
    };
    runtime.run(COUNT, pointer, nShards, { meanwhile });
    expect(called).toBe(1);
    const counts = Array.from(new BigUint64Array(runtime.arena.memory.buffer, pointer, nShards), Number);
    expect(counts).toEqual(new Array(nShards).fill(1));
  });

  test('finish 10 000 tiny passes', async () => {
    const runtime = await start(threads);
    await pause(100);
    expect(runCounts(runtime, COUNT, 4, 10_000)).toEqual([10_000, 10_000, 10_000, 10_000]);
  });
});

test.each([1, 2, 3])(
  'a shard that fails throws where the pass was asked for (%i threads)',
  async (threads) => {
    const runtime = await start(threads);
    await pause(50);
    const pointer = runtime.arena.allocate(8 * 16);
    expect(() => runtime.run(FAILING, pointer, 16)).toThrow(/unreachable|another thread/);
  },
);

test('others run a shard meanwhile, and what is thrown meanwhile is thrown once all are done', async () => {
  const runtime = await start(2);
  await pause(200);
  const pointer = runtime.arena.allocate(8 * 64);
  const counts = new BigUint64Array(runtime.arena.memory.buffer, pointer, 64);
  const meanwhile = () => {
    const until = performance.now() + 5000;
    while (Atomics.load(counts, 63) === 0n && performance.now() < until);
    throw new Error(`the last ran ${counts[63]} times, the first ${counts[0]}`);
  };
  expect(() => runtime.run(COUNT_SLOWLY, pointer, 64, { meanwhile })).toThrow(
    'the last ran 1 times, the first 0',
  );
  expect(new Set(counts)).toEqual(new Set([1n]));
});

test('the leader takes shards from the first, others from the last', async () => {
  const runtime = await start(2);
  await pause(200);
  const pointer = runtime.arena.allocate(8 * 200);
  const counts = new BigUint64Array(runtime.arena.memory.buffer, pointer, 200);
  let first = 0n;
  const meanwhile = () => {
    const until = performance.now() + 5000;
    while (Atomics.load(counts, 199) === 0n && performance.now() < until);
    first = Atomics.load(counts, 0);
  };
  runtime.run(COUNT_SLOWLY, pointer, 200, { meanwhile });
  expect(first).toBe(0n);
  expect(new Set(counts)).toEqual(new Set([1n]));
});

test('a shard that fails on another thread throws here', async () => {
  const runtime = await start(2);
  await pause(200);
  const pointer = runtime.arena.allocate(8 * 16);
  const counts = new BigUint64Array(runtime.arena.memory.buffer, pointer, 16);
  // The other thread goes on to shard 2 from the last one on, past the one that fails.
  const meanwhile = () => {
    const until = performance.now() + 5000;
    while (Atomics.load(counts, 2) === 0n && performance.now() < until);
  };
  expect(() => runtime.run(FAILING, pointer, 16, { meanwhile })).toThrow('another thread');
});

test('passes finish although no worker ever starts', async () => {
  const deaf: PlatformWorker = {
    post() {},
    onMessage() {},
    onError() {},
    keepAlive() {},
    terminate() {},
  };
  const runtime = await start(3, { ...platform, spawn: () => deaf });
  expect(runCounts(runtime, COUNT, 64)).toEqual(new Array(64).fill(1));
});

test('a kernel that the module lacks is a RangeError', async () => {
  const runtime = await start(2);
  expect(() => runtime.run('nothing' as ShardKernel, 0, 4)).toThrow(RangeError);
});

test('a worker that ends though nobody ended it has failed, whatever its exit code', async () => {
  const { memory } = new Arena();
  const dispatchWords = createDispatchWords(kernelNames(module).length);
  stopFollowers(dispatchWords);
  const ended = (byUs: boolean) =>
    new Promise<string>((resolve) => {
      const worker = nodePlatform.spawn('kernel');
      worker.onError(({ message }) => resolve(message));
      worker.post({ module, memory, dispatchWords });
      if (!byUs) return;
      worker.terminate();
      setTimeout(resolve, 200, 'as it was told');
    });
  expect(await ended(false)).toBe('a worker thread ended with exit code 0');
  expect(await ended(true)).toBe('as it was told');
});
