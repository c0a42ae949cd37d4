import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parameterLayout } from './parameters.ts';
import { iterationProducts } from './pass-products.ts';
import { roundUp } from './pass-task.ts';
import type { ClassBlocks } from './passes.ts';

/** As in kernels/class-blocks-sums.ts; a product needs four rows a class, and eight. */
const BLOCK = 60;
/** As in kernels/class-blocks-task.ts. */
const TASK_BYTES = 120;
const PROBABILITIES = 11;
const NEGLIGIBLE = 12;
const PARTS = 13;
const INVERSE_STEP = 20;
/** x, out, and of another product x and out. */
const PRODUCTS = 24;
const MIXED = 28;
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
  const { nSamples, nFeatures, mixed } = matrix;
  const nColumns = nFeatures + 1;
  const nSummed = (mixed?.nDense ?? nFeatures) + 1;
  const pairs = PAIR_PRODUCT * share * nSamples * nSummed ** 2;
  const inverse = INVERSE_PRODUCT * nColumns ** 3;
  return (nClasses * (pairs + inverse)) / iterationProducts(matrix, nClasses);
}

/** What it allocates lives until the caller releases the arena. */
export interface ClassBlocksOf extends Omit<ClassBlocks, 'list'> {
  /** As of ClassBlocks, of these probabilities: nSamples × stride, in the runtime's memory. */
  list(probabilities: Float32Array, negligible: number): number;
}

export function classBlocks(
  { arena, kernels, run }: Runtime,
  { nClasses, sampleWeights }: TrainingSet,
  matrix: DenseMatrix,
  ridge: number,
  intercept: boolean,
): ClassBlocksOf {
  const { nSamples, nFeatures, stride: rowStride, values, mixed } = matrix;
  const { stride } = parameterLayout(nFeatures, nClasses);
  const nColumns = nFeatures + 1;
  const rowLength = roundUp(nColumns, 4);
  const blockStep = roundUp(nColumns, 4) * roundUp(rowLength, 8) * 8;
  const inverseStep = roundUp(rowLength * rowLength * 4, 64);
  const workStep = roundUp(BLOCK * rowLength * 4, 64) + 64;
  const task = arena.allocate(TASK_BYTES);
  const fields = arena.u32(task, TASK_BYTES / 4);
  arena.f64(task, 2).set([2 * ridge, 1 / nSamples]);
  fields.set([values, rowStride * 4, nSamples, nFeatures, nClasses, stride, sampleWeights], 4);
  const counts = arena.u32(arena.allocateUnset(stride * 4), nClasses);
  fields.set(
    [
      // A padding's list has one place behind the others.
      arena.allocateUnset((nSamples * nClasses + 1) * 8),
      counts.byteOffset,
      arena.allocateUnset(stride * 8),
      arena.allocateUnset(nClasses * blockStep),
      blockStep,
      arena.allocateUnset(nClasses * inverseStep),
      inverseStep,
      arena.allocateUnset(nClasses * workStep),
      workStep,
      intercept ? 1 : 0,
    ],
    PARTS + 1,
  );
  fields[MIXED] = mixed?.task ?? 0;
  return {
    leastPasses: classBlockPasses(matrix, nClasses, 0),
    list(probabilities, negligible) {
      fields[PROBABILITIES] = probabilities.byteOffset;
      arena.f32(task, TASK_BYTES / 4)[NEGLIGIBLE] = negligible;
      run('classBlocksList', task, stride / 4);
      const listed = counts.reduce((sum, count) => sum + count, 0);
      return classBlockPasses(matrix, nClasses, listed / (nSamples * nClasses));
    },
    invert() {
      fields[PARTS] = 0;
      fields[INVERSE_STEP] = inverseStep;
      run('classBlocksInvert', task, nClasses);
    },
    invertAtZero() {
      const parts = Math.min(MOST_PARTS, nClasses, Math.ceil(nSamples / PART_ROWS));
      fields[PARTS] = parts;
      fields[INVERSE_STEP] = 0;
      run('classBlocksSumEqual', task, parts);
      run('classBlocksInvert', task, 1);
    },
    apply(x, out) {
      fields.set([x.byteOffset, out.byteOffset], PRODUCTS);
      kernels.classBlocksApply(task);
    },
    applyBoth(x, out, otherX, otherOut) {
      fields.set([x.byteOffset, out.byteOffset, otherX.byteOffset, otherOut.byteOffset], PRODUCTS);
      kernels.classBlocksApplyBoth(task);
    },
  };
}
