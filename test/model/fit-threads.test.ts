import { describe, expect, test, vi } from 'vitest';
import { fitOn } from '../../src/model/fit.ts';
import type { ArrayData } from '../../src/model/fit-data.ts';
import type { FitOptions } from '../../src/model/options.ts';
import { fit } from '../../src/node.ts';
import { startReaders } from '../../src/runtime/growing-runtime.ts';
import type { Platform, PlatformWorker } from '../../src/runtime/platform.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { prepareWorkbench } from '../../src/runtime/workbench.ts';
import { overlappingClasses } from './fit-samples.ts';

/** Large enough for a training worker. */
const large = overlappingClasses(8000, 100, 10, 2);
const here: Platform = { ...nodePlatform, canShareMemory: () => false };

/** A platform that notes the workers it starts, how many of them were ended, and lets each fail. */
function counted() {
  const roles: string[] = [];
  const ended: string[] = [];
  const failures: ((error: Error) => void)[] = [];
  const platform: Platform = {
    ...nodePlatform,
    spawn(role) {
      roles.push(role);
      const worker = nodePlatform.spawn(role);
      return {
        ...worker,
        onError(listener) {
          failures.push(listener);
          worker.onError(listener);
        },
        terminate() {
          ended.push(role);
          worker.terminate();
        },
      };
    },
  };
  return { platform, roles, ended, failures };
}

test('1, 2 and 3 threads and the calling thread give the same model, bit for bit', async () => {
  const options = { lambda: 1e-3, tolerance: 1e-4 };
  const alone = await fitOn(here, large, options);
  for (const threads of [1, 2, 3]) {
    const { platform, roles } = counted();
    const model = await fitOn(platform, large, { ...options, threads });
    expect(roles.sort()).toEqual([...new Array(threads - 1).fill('kernel'), 'training']);
    expect(JSON.stringify(model)).toBe(JSON.stringify(alone));
  }
});

/** The same data as compressed rows. */
const { values, nSamples, nFeatures } = large.X;
const indptr = Uint32Array.from({ length: nSamples + 1 }, (_, i) => i * nFeatures);
const indices = Uint32Array.from(values, (_, t) => t % nFeatures);
const large2 = { ...large, y: Array.from(large.y, (label) => (label < 'e' ? 'low' : 'high')) };
const sparse = { X: { indptr, indices, values, nFeatures }, y: large.y };

/** A column that is most of every row. */
const years = values.map((x, t) => (t % nFeatures === 3 ? 2000 + x : x));
const besideYears = { ...sparse, X: { ...sparse.X, values: years } };

/** More classes than have a Hessian of their intercepts. */
const many = overlappingClasses(1500, 20, 150, 2);

/** Most values of a column are one. */
const background = Float32Array.from(values, (x, t) => ((t * 7 + (t % 31)) % 10 < 8 ? 0.5 : x));
const mostlyOne = { ...large, X: { ...large.X, values: background } };

test.each<[string, ArrayData, FitOptions]>([
  ['rows of mostly one value', mostlyOne, {}],
  ['rows of mostly one value, L1', mostlyOne, { penalty: 'l1', lambda: 1e-2 }],
  ['rows of mostly one value, two classes', { ...mostlyOne, y: large2.y }, {}],
  ['many classes', many, { lambda: 1e-5, tolerance: 1e-3, maxIterations: 200 }],
  ['newton-cg', large, { solver: 'newton-cg' }],
  ['subspace Newton', large, { solver: 'subspace-newton', lambda: 1e-5 }],
  ['pruned Newton', large, { solver: 'pruned-newton', lambda: 1e-7, maxIterations: 40 }],
  ['block Newton', large, { solver: 'block-newton', lambda: 1e-7, maxIterations: 40 }],
  ['sparse rows', sparse, { standardize: true }],
  ['L1', large, { penalty: 'l1', lambda: 1e-2 }],
  ['owl-qn, sparse', sparse, { penalty: 'elastic-net', lambda: 1e-2, solver: 'owl-qn' }],
  ['hinge', large, { loss: 'hinge', solver: 'dual-coordinate-descent' }],
  ['hinge beside years', besideYears, { loss: 'hinge', intercept: false, solver: 'dual-coordinate-descent' }],
  ['hinge, dual and smoothed', large, { loss: 'hinge', maxIterations: 40 }],
  ['hinge, smoothed', large, { loss: 'hinge', solver: 'smoothing', maxIterations: 20 }],
  ['hinge, L1, sparse', sparse, { loss: 'hinge', penalty: 'l1', lambda: 1e-2 }],
  ['two classes', large2, {}],
  ['two classes, sparse, L1', { ...sparse, y: large2.y }, { penalty: 'l1', lambda: 1e-2 }],
  ['dropout', large, { dropout: 0.3 }],
])('three threads take the first steps of one, bit for bit: %s', async (_, data, options) => {
  const [one, three] = await Promise.all(
    [1, 3].map((threads) => fit(data, { lambda: 1e-4, maxIterations: 3, ...options, threads })),
  );
  expect(JSON.stringify(three)).toBe(JSON.stringify(one));
});

describe('a small fit on the calling thread', () => {
  // A pass of half a millisecond, and not enough of them for a worker.
  const small = overlappingClasses(4000, 100, 4, 3);
  const options = { lambda: 1e-3, tolerance: 1e-4 };

  async function fitWithFollowers(threads: number) {
    const { platform, roles } = counted();
    startReaders(platform, await prepareWorkbench(platform), 2);
    const run = vi.spyOn(Atomics, 'compareExchange');
    const model = await fitOn(platform, small, { ...options, threads });
    const claimed = run.mock.calls.length;
    run.mockRestore();
    return { model: JSON.stringify(model), roles, claimed };
  }

  test('leads threads that wait already, with the same model, bit for bit', async () => {
    const { model, roles, claimed } = await fitWithFollowers(2);
    expect(claimed).toBeGreaterThan(0);
    expect(roles).toEqual(['kernel']);
    expect(model).toBe(JSON.stringify(await fitOn(here, small, options)));
  });

  test('but not where one thread was asked for', async () => {
    expect((await fitWithFollowers(1)).claimed).toBe(0);
  });
});

describe('workers stay for the next fit', () => {
  const options = { lambda: 1e-3, tolerance: 1e-4, threads: 2 };
  const crew = ['kernel', 'training'];

  test('on the same data or on other data, with the same model', async () => {
    const { platform, roles, ended } = counted();
    const fits = [large, sparse, large2, large];
    // Sparse rows as they are, uncentred and badly scaled, stall after 1 600 passes.
    const steady = { ...options, standardize: true };
    const models = [];
    for (const data of fits) {
      const model = await fitOn(platform, data, steady);
      expect(model.status).toBe('converged');
      models.push(JSON.stringify(model));
    }
    expect(roles.sort()).toEqual(crew);
    expect(ended).toEqual([]);
    expect(models[3]).toBe(models[0]);
    for (const [i, data] of fits.entries()) {
      expect(models[i]).toBe(JSON.stringify(await fitOn(here, data, steady)));
    }
  });

  test('after a fit that was aborted', async () => {
    const { platform, roles } = counted();
    const controller = new AbortController();
    const signal = controller.signal;
    const onIteration = () => controller.abort();
    const aborted = await fitOn(platform, large, { ...options, tolerance: 1e-13, signal, onIteration });
    expect(aborted.status).toBe('aborted');
    expect((await fitOn(platform, large, options)).status).toBe('converged');
    expect(roles.sort()).toEqual(crew);
  });

  test('and the leader also where another number of threads is wanted', async () => {
    const { platform, roles, ended } = counted();
    for (const threads of [2, 1, 3]) await fitOn(platform, large, { ...options, threads });
    expect(roles.sort()).toEqual(['kernel', 'kernel', 'kernel', 'training']);
    expect(ended).toEqual(['kernel']);
  });

  test('but not after a failure', async () => {
    const { platform, roles, ended } = counted();
    const onIteration = () => {
      throw new Error('enough');
    };
    await expect(fitOn(platform, large, { ...options, onIteration })).rejects.toThrow('enough');
    expect(ended.sort()).toEqual(crew);
    await fitOn(platform, large, options);
    expect(roles.length).toBe(4);
  });

  test.each([0, 1])('nor where worker %i died meanwhile', async (worker) => {
    const { platform, roles, ended, failures } = counted();
    await fitOn(platform, large, options);
    failures[worker](new Error('out of memory'));
    expect(ended.sort()).toEqual(crew);
    expect((await fitOn(platform, large, options)).status).toBe('converged');
    expect(roles.length).toBe(4);
  });

  test('and of many fits at a time those of one', async () => {
    const { platform, roles, ended } = counted();
    const models = await Promise.all([1, 2, 3].map(() => fitOn(platform, large, options)));
    expect(new Set(models.map((model) => JSON.stringify(model))).size).toBe(1);
    expect(roles.length).toBe(6);
    expect(ended.sort()).toEqual(['kernel', 'kernel', 'training', 'training']);
  });
});

describe('a fit too small for a training worker', () => {
  const small = overlappingClasses(3000, 40, 6, 2);
  const options = { lambda: 1e-4, tolerance: 1e-6 };

  test('leads kernel workers on the calling thread, which stay, and gives the same model, bit for bit', async () => {
    const alone = JSON.stringify(await fitOn(here, small, options));
    const { platform, roles, ended } = counted();
    for (let i = 0; i < 3; i++) {
      expect(JSON.stringify(await fitOn(platform, small, { ...options, threads: 3 }))).toBe(alone);
      // They load meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(roles).toEqual(['kernel', 'kernel']);
    expect(ended).toEqual([]);
  });

  test('goes on alone where the others cannot start or die', async () => {
    const alone = JSON.stringify(await fitOn(here, small, options));
    const { platform, ended, failures } = counted();
    const onIteration = () => failures[0](new Error('out of memory'));
    const model = await fitOn(platform, small, { ...options, threads: 2, onIteration });
    expect(JSON.stringify(model)).toBe(alone);
    expect(ended).toEqual(['kernel']);
  });

  test('goes on alone where workers are forbidden', async () => {
    const spawn = () => {
      throw new Error('access to this API has been restricted');
    };
    const model = await fitOn({ ...nodePlatform, spawn }, small, { ...options, threads: 2 });
    expect(JSON.stringify(model)).toBe(JSON.stringify(await fitOn(here, small, options)));
  });

  test('starts none for one thread, or where there is little to do', async () => {
    const { platform, roles } = counted();
    await fitOn(platform, small, { ...options, threads: 1 });
    await fitOn(platform, overlappingClasses(300, 20, 3, 2), { ...options, threads: 2 });
    expect(roles).toEqual([]);
  });
});

test('a worker tells every iteration', async () => {
  const run = fit(large, { lambda: 1e-3, tolerance: 1e-4, threads: 2 });
  const seen: number[] = [];
  for await (const { iteration } of run) seen.push(iteration);
  const { iterations } = await run;
  expect(seen).toEqual(Array.from({ length: iterations }, (_, i) => i + 1));
});

test('an abort reaches the worker', async () => {
  const controller = new AbortController();
  const run = fit(large, { lambda: 1e-8, tolerance: 1e-13, threads: 2, signal: controller.signal });
  for await (const _ of run) controller.abort();
  const model = await run;
  expect(model.status).toBe('aborted');
  expect(model.objective).toBeLessThan(Math.log(10));
});

test('the time limit counts from the call: placing the data has used it up', async () => {
  const model = await fit(large, { lambda: 1e-8, tolerance: 1e-13, threads: 2, maxSeconds: 1e-3 });
  expect(model.status).toBe('max-seconds');
  expect(model.iterations).toBeLessThanOrEqual(1);
});

test('what a solver refuses in the worker has its class here', async () => {
  await expect(fit(large, { solver: 'magic', threads: 2 })).rejects.toBeInstanceOf(RangeError);
});

test('what the callback throws ends the workers', async () => {
  const onIteration = () => {
    throw new Error('enough');
  };
  await expect(fit(large, { onIteration, threads: 2 })).rejects.toThrow('enough');
});

describe.each(['training', 'kernel'])('a %s worker', (failing) => {
  test('that cannot start rejects the fit', async () => {
    const broken: PlatformWorker = {
      post() {},
      onMessage() {},
      onError: (listener) => void setTimeout(() => listener(new Error('no such file'))),
      keepAlive() {},
      terminate() {},
    };
    const platform: Platform = {
      ...nodePlatform,
      spawn: (role) => (role === failing ? broken : nodePlatform.spawn(role)),
    };
    await expect(fitOn(platform, large, { lambda: 1e-8, tolerance: 1e-13, threads: 2 })).rejects.toThrow(
      'no such file',
    );
  });
});
