import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DataError, ModelError, UnsupportedError } from '../../src/errors.ts';
import { fitOn } from '../../src/model/fit.ts';
import type { DataSource } from '../../src/model/fit-data.ts';
import type { FitOptions } from '../../src/model/options.ts';
import { fit, parseTable, predictionRows, readTable } from '../../src/node.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import type { Iteration } from '../../src/solvers/solver.ts';
import { numbers, overlappingClasses, rowsOf } from './fit-samples.ts';

const callingThread = { ...nodePlatform, canShareMemory: () => false };
const small = overlappingClasses(150, 4, 3, 1);

describe('the model', () => {
  test('is certified to the tolerance and predicts in original units', async () => {
    const model = await fit(small, { lambda: 1e-3 });
    expect(model.status).toBe('converged');
    expect(model.classes).toEqual(['a', 'b', 'c']);
    expect(model.certificate?.relativeGap).toBeLessThanOrEqual(1e-6);
    expect(model.certificate?.lowerBound).toBeLessThanOrEqual(model.objective);
    const hits = model.predict(small.X).filter((label, i) => label === small.y[i]).length;
    expect(hits / 150).toBeGreaterThan(0.6);
  });

  test('has intercepts about 0 for the classes that count, whatever that of one without weight is', async () => {
    const sampleWeight = small.y.map((label) => (label === 'b' ? 0 : 1));
    for (const solver of ['lbfgs', 'block-newton', 'sampled-newton']) {
      const model = await fit({ ...small, sampleWeight }, { lambda: 1e-3, solver, standardize: false });
      expect(model.status).toBe('converged');
      expect(Math.abs(model.intercepts[0] + model.intercepts[2])).toBeLessThan(1);
      expect(model.intercepts[1]).toBeLessThan(-100);
    }
  });

  test('is the same from rows, a typed array and compressed rows', async () => {
    const options: FitOptions = { lambda: 1e-3, standardize: false, tolerance: 1e-9 };
    const { values, nSamples, nFeatures } = small.X;
    const dense = await fit(small, options);
    const rows = await fit({ X: rowsOf(small), y: small.y }, options);
    const indptr = Array.from({ length: nSamples + 1 }, (_, i) => i * nFeatures);
    const indices = Array.from(values, (_, t) => t % nFeatures);
    const sparse = await fit({ X: { indptr, indices, values, nFeatures }, y: small.y }, options);
    expect(rows.weights).toEqual(dense.weights);
    expect(sparse.objective).toBeCloseTo(dense.objective, 8);
  });

  test('is that of columns standardized beforehand, folded back', async () => {
    const { values, nSamples, nFeatures } = small.X;
    const z = values.slice();
    for (let j = 0; j < nFeatures; j++) {
      const column = Array.from({ length: nSamples }, (_, i) => values[i * nFeatures + j]);
      const mean = column.reduce((a, b) => a + b, 0) / nSamples;
      const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / nSamples);
      for (let i = 0; i < nSamples; i++) z[i * nFeatures + j] = (column[i] - mean) / deviation;
    }
    const folded = await fit(small, { lambda: 1e-3, tolerance: 1e-9 });
    const Z = { ...small.X, values: z };
    const direct = await fit({ X: Z, y: small.y }, { lambda: 1e-3, tolerance: 1e-9, standardize: false });
    const expected = direct.scores(Z);
    folded.scores(small.X).forEach((s, t) => {
      expect(s).toBeCloseTo(expected[t], 4);
    });
  });

  test('without intercept is scaled and not centred, so that its intercepts are exactly 0', async () => {
    const options: FitOptions = { lambda: 1e-2, tolerance: 1e-9, intercept: false };
    const shifted = rowsOf(small).map((row) => row.map((x, j) => x + 3 + j));
    const deviations = shifted[0].map((_, j) => {
      const mean = shifted.reduce((sum, row) => sum + row[j], 0) / shifted.length;
      return Math.sqrt(shifted.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / shifted.length);
    });
    const scaled = shifted.map((row) => row.map((x, j) => x / deviations[j]));
    const expected = await fit({ X: scaled, y: small.y }, { ...options, standardize: false });
    const compressed = {
      indptr: shifted.map((_, i) => i * 4).concat(shifted.length * 4),
      indices: shifted.flatMap((row) => row.map((_, j) => j)),
      values: shifted.flat(),
      nFeatures: 4,
    };
    const lines = shifted.map((row, i) => `${row.join(',')},${small.y[i]}`);
    const table = await parseTable(`f,g,h,i,y\n${lines.join('\n')}\n`, { target: 'y' });
    const pairs = shifted.map((row, i) => `${small.y[i]} ${row.map((x, j) => `${j + 1}:${x}`).join(' ')}`);
    const libsvm = await parseTable(`${pairs.join('\n')}\n`, { format: 'libsvm' });
    for (const data of [{ X: shifted, y: small.y }, { X: compressed, y: small.y }, table, libsvm]) {
      const model = await fit(data, { ...options, standardize: true });
      expect([...model.intercepts]).toEqual([0, 0, 0]);
      expect(model.objective).toBeCloseTo(expected.objective, 6);
      expected.weights.forEach((w, t) => {
        expect(model.weights[t] * deviations[t % 4]).toBeCloseTo(w, 3);
      });
    }
  });

  test('without intercept takes one-hot and missing values as they are', async () => {
    for (const nLevels of [2, 700]) {
      const lines = Array.from(
        { length: 700 },
        (_, i) => `${i % 9 === 0 ? '' : (i % 7) + 100},v${i % nLevels},${i % 3}`,
      );
      const table = await parseTable(`n,t,y\n${lines.join('\n')}\n`, { target: 'y' });
      const model = await fit(table, { lambda: 1e-2, intercept: false });
      expect([...model.intercepts]).toEqual([0, 0, 0]);
      expect(model.status).toBe('converged');
    }
  });

  test('counts a sample of weight 2 as two, and one of weight 0 as none', async () => {
    const rows = rowsOf(small);
    const sampleWeight = small.y.map((_, i) => (i === 0 ? 0 : i < 10 ? 2 : 1));
    const repeated = rows.flatMap((row, i) => new Array<number[]>(sampleWeight[i]).fill(row));
    const labels = small.y.flatMap((label, i) => new Array<string>(sampleWeight[i]).fill(label));
    const options: FitOptions = { lambda: 1e-2, tolerance: 1e-9 };
    const weighted = await fit({ X: rows, y: small.y, sampleWeight }, options);
    const plain = await fit({ X: repeated, y: labels }, options);
    expect(weighted.objective).toBeCloseTo(plain.objective, 6);
  });

  test('starts from an earlier one in fewer iterations', async () => {
    const cold = await fit(small, { lambda: 1e-3 });
    const near = await fit(small, { lambda: 1.1e-3, warmStart: cold });
    const far = await fit(small, { lambda: 1.1e-3 });
    expect(near.iterations).toBeLessThan(far.iterations);
    expect(near.objective).toBeCloseTo(far.objective, 5);
    const again = await fit(small, { lambda: 1e-3, warmStart: cold });
    expect(again.iterations).toBeLessThanOrEqual(1);
  });
});

describe('progress', () => {
  test('is every iteration, for loops, late loops and the callback alike', async () => {
    const called: Iteration[] = [];
    const run = fit(small, { lambda: 1e-4, onIteration: (iteration) => called.push(iteration) });
    const looped: Iteration[] = [];
    for await (const iteration of run) looped.push(iteration);
    const model = await run;
    const late: Iteration[] = [];
    for await (const iteration of run) late.push(iteration);
    expect(looped.map((step) => step.iteration)).toEqual(looped.map((_, i) => i + 1));
    expect(looped).toHaveLength(model.iterations);
    expect(called).toEqual(looped);
    expect(late).toEqual(looped);
  });

  test('a loop left early does not end the fit', async () => {
    const run = fit(small, { lambda: 1e-4 });
    for await (const _ of run) break;
    expect((await run).status).toBe('converged');
  });

  test('tells what the data is', async () => {
    const run = fit(small);
    expect(await run.data).toMatchObject({ nSamples: 150, nFeatures: 4, nonzeros: 600, warnings: [] });
    await run;
  });

  test('comes while a small problem is solved, and timers have their turn', async () => {
    let turns = 0;
    let settled = false;
    const timer = setInterval(() => turns++, 1);
    const run = fit(overlappingClasses(600, 20, 5, 3), {
      penalty: 'l1',
      solver: 'owl-qn',
      tolerance: 1e-14,
      maxSeconds: 0.3,
    });
    run.then(() => {
      settled = true;
    });
    for await (const _ of run) break;
    expect(settled).toBe(false);
    await run;
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('an abort', () => {
  test('before the start gives the start, with its status', async () => {
    const model = await fit(small, { signal: AbortSignal.abort() });
    expect(model.status).toBe('aborted');
    expect(model.predict(small.X)).toHaveLength(150);
  });

  test('on the way keeps the best so far', async () => {
    const controller = new AbortController();
    const model = await fit(small, {
      lambda: 1e-6,
      tolerance: 1e-12,
      signal: controller.signal,
      onIteration: ({ iteration }) => iteration === 3 && controller.abort(),
    });
    expect(model.status).toBe('aborted');
    expect(model.iterations).toBe(3);
    expect(model.objective).toBeLessThan(Math.log(3));
  });
});

describe('what is wrong is told', () => {
  const X = [[1], [2], [3]];
  test.each<[string, () => PromiseLike<unknown>, string | RegExp, unknown]>([
    ['one class', () => fit({ X, y: ['a', 'a', 'a'] }), /class "a".*at least two/, DataError],
    ['NaN', () => fit({ X: [[1], [Number.NaN], [3]], y: [0, 1, 1] }), /NaN at X\[1\]\[0\]/, RangeError],
    ['no row', () => fit({ X: [], y: [] }), /at least one row/, RangeError],
    ['too few labels', () => fit({ X, y: [0, 1] }), /"y" expected 3 labels, got 2/, RangeError],
    ['no data', () => fit(JSON.parse('null')), /"data" expected/, TypeError],
    ['a negative lambda', () => fit({ X, y: [0, 1, 1] }, { lambda: -1 }), /"lambda".*got -1/, RangeError],
    ['an unknown solver', () => fit({ X, y: [0, 1, 1] }, { solver: 'magic' }), /got "magic"/, RangeError],
    [
      'a solver for another problem',
      () => fit({ X, y: [0, 1, 1] }, { solver: 'owl-qn' }),
      /cannot minimize/,
      UnsupportedError,
    ],
    [
      'an unknown class',
      () => fit({ X, y: [0, 1, 1] }, { classWeight: { 7: 2 } }),
      /"classWeight" expected classes of the data \(0, 1\), got "7"/,
      RangeError,
    ],
    [
      'weights of 0',
      () => fit({ X, y: [0, 1, 1], sampleWeight: [0, 0, 0] }),
      /positive, finite sum/,
      RangeError,
    ],
    ['a negative weight', () => fit({ X, y: [0, 1, 1], sampleWeight: [1, -1, 1] }), /got -1/, RangeError],
  ])('%s', async (_, run, message, kind) => {
    await expect(run()).rejects.toThrow(message);
    await expect(run()).rejects.toBeInstanceOf(kind);
  });

  test('a table whose weights are all 0', async () => {
    const table = await parseTable('x,w,y\n1,0,a\n2,0,b\n', { target: 'y', weight: 'w' });
    await expect(fit(table)).rejects.toThrow(new DataError('no row has a weight > 0'));
  });

  test('a warm start with other classes or features', async () => {
    const model = await fit({ X, y: [0, 1, 1] });
    await expect(fit({ X, y: ['a', 'b', 'b'] }, { warmStart: model })).rejects.toThrow(
      new ModelError('"warmStart" knows the classes 0, 1, the data has a, b', { field: 'classes' }),
    );
    await expect(
      fit(
        {
          X: [
            [1, 2],
            [2, 1],
          ],
          y: [0, 1],
        },
        { warmStart: model },
      ),
    ).rejects.toThrow(new ModelError('"warmStart" has 1 features, the data has 2', { field: 'nFeatures' }));
  });

  test('by the loop too, and then by nothing else', async () => {
    const run = fit({ X, y: ['a', 'a', 'a'] });
    const loop = async () => {
      for await (const _ of run);
    };
    await expect(loop()).rejects.toThrow(DataError);
    await expect(run.data).rejects.toThrow(DataError);
  });

  test('what the callback throws', async () => {
    const onIteration = () => {
      throw new Error('enough');
    };
    await expect(fit(small, { onIteration })).rejects.toThrow('enough');
  });
});

test('many fits, also at a time, leave the memory as it was', async () => {
  const next = numbers(5);
  const X = Array.from({ length: 20 }, () => [next(), next()]);
  const y = X.map(([a, b]) => a + b > 0);
  const first = await fit({ X, y });
  const models = await Promise.all(Array.from({ length: 50 }, () => fit({ X, y })));
  for (let i = 0; i < 300; i++) models.push(await fit({ X, y }));
  for (const model of models) expect(model.weights).toEqual(first.weights);
});

test('a loop over fits on 8 MB holds the memory of one', async () => {
  const nSamples = 40_000;
  const nFeatures = 50;
  const values = Float32Array.from({ length: nSamples * nFeatures }, numbers(7));
  const y = Array.from({ length: nSamples }, (_, i) => i % 2);
  const once = () => fitOn(callingThread, { X: { values, nSamples, nFeatures }, y }, { maxIterations: 1 });
  await once();
  await once();
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 20; i++) await once();
  // 20 memories that nobody gives back would be 160 MB.
  expect(process.memoryUsage.rss() - before).toBeLessThan(60e6);
});

test('a table is fitted where it stands, and its file predicted', async () => {
  const file = fileURLToPath(new URL('../../examples/iris.csv', import.meta.url));
  const run = fit(await readTable(file, { target: 'species', holdout: 0.2 }), { lambda: 1e-3 });
  const { heldOut, featureNames } = await run.data;
  const model = await run;
  expect(heldOut?.nSamples).toBe(30);
  expect(model.featureNames).toEqual(featureNames);
  let hits = 0;
  for await (const { features, targets } of (await predictionRows(file, model)).batches) {
    model.predict(features).forEach((label, i) => {
      hits += Number(label === targets?.[i]);
    });
  }
  expect(hits).toBeGreaterThan(140);
});

test('what a source placed stands after the fit', async () => {
  const table = await parseTable('x,y\n1,a\n2,b\n3,a\n4,b\n', { target: 'y' });
  let placed: Float32Array | undefined;
  const source: DataSource = {
    sparse: table.sparse,
    async place(runtime, options) {
      const training = await table.place(runtime, options);
      if (training.matrix.kind === 'dense') placed = runtime.arena.f32(training.matrix.values, 1);
      return training;
    },
  };
  await fit(source);
  expect([...(placed ?? [])]).toEqual([Math.fround(-1.5 / Math.sqrt(1.25))]);
});
