import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { climb } from '../../bench/ladder.js';
import { softmargin } from '../../bench/programs.js';
import { runProgram } from '../../bench/run-program.js';
import { solverRegistry } from '../../src/solvers/registry.ts';

afterEach(() => vi.restoreAllMocks());

/** A program that is JavaScript; its request's file is its last argument. */
function program(source) {
  return { name: 'test', command: process.execPath, args: ['-e', source] };
}

describe('runProgram', () => {
  const say = (line) => `console.log('${JSON.stringify(line)}');`;

  test('gives the program its request and collects its lines', async () => {
    const source = `${say({ ready: true })}
      console.log('not a line');
      console.log(require('node:fs').readFileSync(process.argv[1], 'utf8'));`;
    const request = { seconds: 1, epsilon: 1e-6 };
    expect(await runProgram(program(source), request)).toEqual({
      lines: [request],
      isStopped: false,
      hasFailed: false,
    });
  });

  test('keeps what a program printed before it failed, and says why it did', async () => {
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
    const source = `${say({ ready: true })}${say({ seconds: 3 })} throw new Error('out of luck');`;
    expect(await runProgram(program(source), { seconds: 1 })).toEqual({
      lines: [{ seconds: 3 }],
      isStopped: false,
      hasFailed: true,
    });
    expect(complaint.mock.calls[0][0]).toContain('out of luck');
  });

  test('stops a program that prints nothing for too long, and tells', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const source = `${say({ ready: true })} setInterval(() => {}, 1000);`;
    // With the grace for evaluating and printing, half a second.
    expect(await runProgram(program(source), { seconds: -8.6 })).toEqual({
      lines: [],
      isStopped: true,
      hasFailed: false,
    });
  });

  test('a program that does not exist prints nothing', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const none = { name: 'none', command: '/nowhere/at/all', args: [] };
    expect(await runProgram(none, { seconds: 1 })).toEqual({ lines: [], isStopped: false, hasFailed: true });
  });
});

describe('climb', () => {
  const settings = [{ tolerance: 1e-1 }, { tolerance: 1e-2 }, { tolerance: 1e-3 }];

  /** Every run takes half a second, and has five times the tolerance as its gap. */
  async function climbed(request) {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const run = async ({ tolerance }) => {
      clock += 500;
      return tolerance;
    };
    const describeRun = (tolerance) => ({ objective: 1 + tolerance, relativeGap: 5 * tolerance });
    const problem = { loss: 'softmax' };
    const chosen = await climb(
      'p',
      settings,
      { seconds: 60, ours: null, problem, ...request },
      run,
      describeRun,
    );
    return { chosen, tried: print.mock.calls.map(([text]) => JSON.parse(text).settings.tolerance) };
  }

  test('stops at the setting that reaches ε against the reference, and repeats it', async () => {
    const { chosen, tried } = await climbed({ reference: 1, epsilon: 0.02, repeats: 3 });
    expect(tried).toEqual([1e-1, 1e-2, 1e-2, 1e-2]);
    expect(chosen.settings).toEqual({ tolerance: 1e-2 });
  });

  test('repeats until a second is full', async () => {
    const { tried } = await climbed({ reference: 1, epsilon: 0.02, repeats: 1 });
    expect(tried).toEqual([1e-1, 1e-2, 1e-2]);
  });

  test('without a reference runs every setting, and repeats the loosest as good as a certified one', async () => {
    const { chosen, tried } = await climbed({ reference: null, epsilon: 0.01, repeats: 1 });
    expect(tried).toEqual([1e-1, 1e-2, 1e-3, 1e-2]);
    expect(chosen.settings).toEqual({ tolerance: 1e-2 });
  });

  test('judges a hinge by its certified gap', async () => {
    const problem = { loss: 'hinge' };
    const { chosen } = await climbed({ reference: null, epsilon: 0.01, repeats: 1, problem });
    expect(chosen.settings).toEqual({ tolerance: 1e-3 });
  });

  test('ends once a run takes longer than its limit', async () => {
    const { tried } = await climbed({ reference: 1, epsilon: 1e-9, repeats: 1, seconds: 1e-9 });
    expect(tried).toEqual([1e-1]);
  });

  test('goes on after a run of nearly its limit, and not after a longer one', async () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const run = async (setting) => {
      clock += setting.seconds * 1000;
    };
    const ladder = [0.6, 0.99, 1.01, 2].map((seconds) => ({ seconds }));
    const request = { reference: 1, epsilon: 1e-9, repeats: 1, seconds: 1, ours: null };
    await climb('p', ladder, request, run, () => ({ objective: 2 }));
    expect(print.mock.calls.map(([text]) => JSON.parse(text).seconds)).toEqual([0.6, 0.99, 1.01]);
  });

  test('takes no certificate for one that is not reached', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const request = { reference: null, epsilon: 1, repeats: 1, seconds: 60, ours: null };
    const chosen = await climb(
      'p',
      settings,
      request,
      async () => {},
      () => ({ relativeGap: null }),
    );
    expect(chosen).toBeNull();
  });

  test('where nothing reaches ε repeats nothing', async () => {
    const { chosen, tried } = await climbed({ reference: 1, epsilon: 1e-9, repeats: 3 });
    expect(chosen).toBeNull();
    expect(tried).toEqual([1e-1, 1e-2, 1e-3]);
  });
});

test('softmargin runs each of its own algorithms that takes the problem', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const folder = mkdtempSync(join(tmpdir(), 'softmargin-case-'));
  const [n, d, K] = [30, 2, 3];
  writeFileSync(
    join(folder, 'X.f32'),
    Float32Array.from({ length: n * d }, (_, i) => Math.sin(i)),
  );
  writeFileSync(
    join(folder, 'labels.u32'),
    Uint32Array.from({ length: n }, (_, i) => i % K),
  );
  const shape = { kind: 'dense', nSamples: n, nFeatures: d, nClasses: { '': K } };
  writeFileSync(join(folder, 'shape.json'), JSON.stringify(shape));
  const problem = { loss: 'softmax', ridge: 1e-2, lasso: 0 };
  const request = { folder, labels: null, problem, epsilon: 1e-6, seconds: 10, repeats: 1, solvers: true };
  const { lines } = await runProgram(softmargin('ours.js'), request);
  rmSync(folder, { recursive: true });
  const trainingSet = { matrix: { kind: 'dense', center: 0 }, nClasses: K };
  const able = solverRegistry.filter((solver) =>
    solver.supports({ loss: { kind: 'softmax' }, penalty: problem, dropout: 0, trainingSet }),
  );
  expect(able.length).toBeGreaterThan(5);
  const ran = new Set(lines.map(({ program }) => program));
  for (const { name } of able) expect(ran).toContain(`softmargin ${name}`);
});
