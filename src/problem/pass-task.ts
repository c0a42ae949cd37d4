import type { Arena, Pointer } from '../runtime/arena.ts';

/** Byte offsets of the fields of kernels/pass-task.ts: keep both in step. */
const FIELDS = {
  margin: 0,
  smoothing: 8,
  dualScale: 16,
  inverseCount: 24,
  nSamples: 32,
  nFeatures: 36,
  nClasses: 40,
  stride: 44,
  mode: 48,
  labels: 52,
  sampleWeights: 56,
  rowShards: 60,
  nRowShards: 64,
  featureShards: 68,
  values: 72,
  rowStride: 76,
  blockRows: 80,
  rowStarts: 84,
  rowIndices: 88,
  rowValues: 92,
  columnStarts: 96,
  columnIndices: 100,
  columnValues: 104,
  center: 108,
  theta: 112,
  weights: 116,
  interceptsSingle: 120,
  intercepts: 124,
  work: 128,
  workStep: 132,
  partials: 136,
  partialStep: 140,
  prepared: 144,
  residualSums: 148,
  gradient: 152,
  centerPartials: 156,
  centres: 160,
  present: 164,
  nPresent: 168,
  hessianRows: 172,
  mixed: 176,
  kept: 180,
} as const;
const TASK_BYTES = 184;
/** Fields before are f64, the others u32. */
const F64_END = 32;

type TaskField = keyof typeof FIELDS;

/** A descriptor in the kernels' memory. */
export interface PassTask {
  readonly pointer: Pointer;
  set(fields: { readonly [field in TaskField]?: number }): void;
}

export function passTask(arena: Arena): PassTask {
  const pointer = arena.allocate(TASK_BYTES);
  const f64 = arena.f64(pointer, TASK_BYTES / 8);
  const u32 = arena.u32(pointer, TASK_BYTES / 4);
  return {
    pointer,
    set(fields) {
      let field: TaskField;
      // Not by Object.entries: every pass comes here.
      for (field in fields) {
        const at = FIELDS[field];
        const value = fields[field] ?? 0;
        if (at < F64_END) f64[at / 8] = value;
        else u32[at / 4] = value;
      }
    },
  };
}

/** What becomes of a block of scores; numbers as in kernels/pass-task.ts. */
export const MODES = {
  softmax: { loss: 0, prepare: 2, hessian: 4, certificate: 6, dual: 8, bound: 11, intercepts: 12 },
  hinge: { loss: 1, prepare: 3, hessian: 5, certificate: 7, dual: 9, recentre: 10 },
} as const;

/** Scores padding is given: its exponential and its hinge are exactly 0. */
export const PADDING_SCORE = -1e30;

/** Where a row shard's partial sums lie, in bytes from their start; as in kernels/pass-task.ts. */
export interface PartialLayout {
  readonly residualSums: number;
  readonly interceptHessian: number;
  readonly gradient: number;
  /** rows of room for the intercept Hessian */
  readonly hessianRows: number;
  /** all of it, with a gradient of `gradientRoom` numbers, a multiple of 64 */
  readonly bytes: number;
}

export function partialLayout(
  gradientRoom: number,
  nClasses: number,
  stride: number,
  withHessian: boolean,
): PartialLayout {
  const hessianRows = withHessian ? nClasses + HESSIAN_OVERHANG : 0;
  const residualSums = 64;
  const interceptHessian = residualSums + 8 * stride;
  const rowScratch = roundUp(interceptHessian + 8 * stride * hessianRows, 64);
  const gradient = rowScratch + ROW_SCRATCH + 4 * BLOCK_ROWS * stride + 64;
  return {
    residualSums,
    interceptHessian,
    gradient,
    hessianRows,
    bytes: roundUp(gradient + 8 * gradientRoom, 64),
  };
}

/** Rows beyond the last class that a tile of the Hessian writes, as denseGradient does. */
const HESSIAN_OVERHANG = 3;
/** As in kernels/pass-task.ts. */
const BLOCK_ROWS = 64;
const ROW_SCRATCH = 2048;

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
