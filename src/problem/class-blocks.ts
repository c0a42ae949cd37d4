import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ParameterLayout } from './parameters.ts';
import { iterationProducts } from './pass-products.ts';
import { roundUp } from './pass-task.ts';
import type { ClassBlocks } from './passes.ts';
import type { SoftmaxPairs } from './softmax-pairs.ts';

/** As in kernels/class-blocks.ts. */
const BLOCK = 60;
const TASK_BYTES = 64;
const X = 10;
const OUT = 11;
const INVERSE_STEP = 6;
const PARTS = 15;
/** Parts of the sum at θ = 0, of so many rows at least. */
const MOST_PARTS = 4;
const PART_ROWS = 240;

/**
 * What the product of a pair's column with another costs, and that of an inverse, in products of a pass. Of 2 100 × 147,
 * 3 536 × 145, 17 550 × 124, 2 207 × 400 and 5 338 × 194, 7 to 24 classes, a pair's took 20 to 25 ps, an inverse's 45 to
 * 69, a pass's 35 to 50 (one thread, AMD Zen 5).
 */
const PAIR_PRODUCT = 0.55;
const INVERSE_PRODUCT = 1.4;

/** What the blocks of so large a part of all pairs and their inverses cost, in passes. */
export function classBlockPasses(matrix: DenseMatrix, nClasses: number, share: number): number {
  const { nSamples, nFeatures } = matrix;
  const nColumns = nFeatures + 1;
  const products = PAIR_PRODUCT * share * nSamples + INVERSE_PRODUCT * nColumns;
  return (nClasses * nColumns ** 2 * products) / iterationProducts(matrix, nClasses);
}

/** The blocks of what was last taken into `pairs`. */
export function classBlocks(
  { arena, run }: Runtime,
  pairs: SoftmaxPairs,
  { nFeatures, nClasses }: ParameterLayout,
  matrix: DenseMatrix,
  ridge: number,
  intercept: boolean,
): ClassBlocks {
  const { nSamples } = matrix;
  const nColumns = nFeatures + 1;
  const rowLength = roundUp(nColumns, 4);
  const blockStep = roundUp(nColumns, 4) * roundUp(rowLength, 8) * 8;
  const inverseStep = roundUp(rowLength * rowLength * 4, 64);
  const workStep = roundUp(2 * BLOCK * rowLength * 4, 64) + 64;
  const task = arena.allocate(TASK_BYTES);
  const fields = arena.u32(task, TASK_BYTES / 4);
  arena.f64(task, 1)[0] = 2 * ridge;
  fields.set(
    [
      pairs.task,
      arena.allocateUnset(nClasses * blockStep),
      blockStep,
      arena.allocateUnset(nClasses * inverseStep),
      inverseStep,
      arena.allocateUnset(nClasses * workStep),
      workStep,
      intercept ? 1 : 0,
      0,
      0,
      arena.allocateUnset((nClasses + 1) * 4),
      arena.allocateUnset(nSamples * nClasses * 4),
      arena.allocateUnset(nSamples * nClasses * 4),
    ],
    2,
  );
  return {
    get passes() {
      return classBlockPasses(matrix, nClasses, pairs.part);
    },
    invert() {
      fields[INVERSE_STEP] = inverseStep;
      fields[PARTS] = 0;
      run('classBlocksList', task, 1);
      run('classBlocksInvert', task, nClasses);
    },
    invertAtZero() {
      const parts = Math.min(MOST_PARTS, nClasses, Math.ceil(nSamples / PART_ROWS));
      fields[INVERSE_STEP] = 0;
      fields[PARTS] = parts;
      run('classBlocksListEqual', task, 1);
      run('classBlocksSum', task, parts);
      run('classBlocksInvert', task, 1);
    },
    apply(x, out) {
      fields[X] = x.byteOffset;
      fields[OUT] = out.byteOffset;
      run('classBlocksApply', task, 1);
    },
  };
}
