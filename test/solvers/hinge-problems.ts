import { readFileSync } from 'node:fs';
import type { DesignMatrix } from '../../src/data/design-matrix.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { Arena } from '../../src/runtime/arena.ts';
import { instantiateKernels } from '../../src/runtime/load.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { singleThreadRuntime } from '../../src/runtime/single-thread.ts';
import type { Iteration, Solution, SolverOptions, SolverRun } from '../../src/solvers/solver.ts';
import type { PlainData } from '../twins/plain-passes.ts';

export interface PosedHinge {
  readonly runtime: Runtime;
  readonly problem: Problem;
  readonly theta: Float64Array;
}

export interface HingeSetting {
  readonly ridge?: number;
  readonly lasso?: number;
  readonly margin?: number;
  readonly intercept?: boolean;
  /** 'centred' also subtracts the column means, implicitly */
  readonly layout?: 'dense' | 'sparse' | 'centred';
}

const module = new WebAssembly.Module(
  readFileSync(new URL('../../wasm/kernels.wasm', import.meta.url)) as BufferSource,
);

export function columnMeans(X: readonly (readonly number[])[]): number[] {
  return X[0].map((_, j) => X.reduce((sum, row) => sum + Math.fround(row[j]), 0) / X.length);
}

/** Plain data in a fresh memory of its own. */
export function poseHinge(data: PlainData, setting: HingeSetting = {}): PosedHinge {
  const { ridge = 0, lasso = 0, margin = 1, intercept = true, layout = 'dense' } = setting;
  const arena = new Arena();
  const runtime = singleThreadRuntime(arena, instantiateKernels(module, arena.memory));
  const { X, y, nClasses, sampleWeights } = data;
  const matrix = layout === 'dense' ? denseMatrix(arena, X) : sparseMatrix(arena, X, layout === 'centred');
  const labels = arena.allocateU32(X.length);
  labels.set(y);
  let weights = 0;
  if (sampleWeights !== undefined) {
    const mean = sampleWeights.reduce((sum, v) => sum + v, 0) / X.length;
    const view = arena.allocateF64(X.length);
    view.set(sampleWeights.map((v) => v / mean));
    weights = view.byteOffset;
  }
  const problem: Problem = {
    trainingSet: { matrix, nClasses, labels: labels.byteOffset, sampleWeights: weights },
    loss: { kind: 'hinge', margin },
    penalty: { ridge, lasso },
    intercept,
    dropout: 0,
  };
  return { runtime, problem, theta: arena.allocateF64(parameterLayout(X[0].length, nClasses).size) };
}

function denseMatrix(arena: Arena, X: readonly (readonly number[])[]): DesignMatrix {
  const nFeatures = X[0].length;
  const stride = Math.ceil(nFeatures / 4) * 4;
  const values = arena.allocateF32(X.length * stride);
  X.forEach((row, i) => {
    values.set(row, i * stride);
  });
  return { kind: 'dense', nSamples: X.length, nFeatures, stride, values: values.byteOffset };
}

function sparseMatrix(arena: Arena, X: readonly (readonly number[])[], centred: boolean): DesignMatrix {
  const nFeatures = X[0].length;
  const columns = X[0].map((_, j) => X.map((row) => row[j]));
  const byRow = compress(arena, X);
  const byColumn = compress(arena, columns);
  const center = arena.allocateF64(nFeatures);
  center.set(columnMeans(X));
  return {
    kind: 'sparse',
    nSamples: X.length,
    nFeatures,
    nonzeros: byRow.count,
    rowStarts: byRow.starts,
    rowIndices: byRow.indices,
    rowValues: byRow.values,
    columnStarts: byColumn.starts,
    columnIndices: byColumn.indices,
    columnValues: byColumn.values,
    center: centred ? center.byteOffset : 0,
  };
}

function compress(arena: Arena, rows: readonly (readonly number[])[]) {
  const count = rows.flat().filter((x) => x !== 0).length;
  const starts = arena.allocateU32(rows.length + 1);
  const indices = arena.allocateU32(count);
  const values = arena.allocateF32(count);
  let at = 0;
  rows.forEach((row, i) => {
    row.forEach((x, j) => {
      if (x === 0) return;
      indices[at] = j;
      values[at++] = x;
    });
    starts[i + 1] = at;
  });
  return { count, starts: starts.byteOffset, indices: indices.byteOffset, values: values.byteOffset };
}

/** The objective in plain f64 at θ. */
export function plainHingeObjective(data: PlainData, setting: HingeSetting, theta: Float64Array): number {
  const { ridge = 0, lasso = 0, margin = 1, layout = 'dense' } = setting;
  const { X, y, nClasses: K, sampleWeights } = data;
  const d = X[0].length;
  const { stride } = parameterLayout(d, K);
  const center = layout === 'centred' ? columnMeans(X) : X[0].map(() => 0);
  const total = sampleWeights?.reduce((sum, v) => sum + v, 0) ?? X.length;
  let loss = 0;
  X.forEach((row, i) => {
    const scores = Array.from({ length: K }, (_, k) =>
      row.reduce(
        (s, x, j) => s + (Math.fround(x) - center[j]) * theta[j * stride + k],
        theta[d * stride + k],
      ),
    );
    scores.forEach((s, k) => {
      if (k !== y[i]) loss += (sampleWeights?.[i] ?? 1) * Math.max(0, s - scores[y[i]] + margin);
    });
  });
  let penalty = 0;
  for (const w of theta.subarray(0, d * stride)) penalty += ridge * w * w + lasso * Math.abs(w);
  return loss / total + penalty;
}

export function solverOptions(overrides: Partial<SolverOptions> = {}): SolverOptions {
  return {
    tolerance: 1e-3,
    maxIterations: 100_000,
    maxSeconds: Number.POSITIVE_INFINITY,
    seed: 0,
    clock: () => 0,
    aborted: () => false,
    ...overrides,
  };
}

/** Runs a solver to its end and keeps its iterations. */
export function runToEnd(run: SolverRun): { solution: Solution; iterations: Iteration[] } {
  const iterations: Iteration[] = [];
  for (;;) {
    const step = run.next();
    if (step.done) return { solution: step.value, iterations };
    iterations.push(step.value);
  }
}
