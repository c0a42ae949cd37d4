import type { Runtime } from '../runtime/runtime.ts';
import type { ParameterLayout } from './parameters.ts';
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

/** The blocks of what was last taken into `pairs`. */
export function classBlocks(
  { arena, run }: Runtime,
  pairs: SoftmaxPairs,
  { nFeatures, nClasses }: ParameterLayout,
  nSamples: number,
  ridge: number,
  intercept: boolean,
): ClassBlocks {
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
