import type { Arena, Pointer } from '../runtime/arena.ts';

/** Byte offsets of the fields of kernels/logistic-task.ts: keep both in step. */
const F64_FIELDS = { inverseCount: 0, dualScale: 8, intercept: 16, residualSum: 24 } as const;
const U32_FIELDS = {
  nSamples: 32,
  nFeatures: 36,
  mode: 40,
  sampleWeights: 44,
  signedWeights: 48,
  rowShards: 52,
  nRowShards: 56,
  featureShards: 60,
  values: 64,
  rowStride: 68,
  blockRows: 72,
  rowStarts: 76,
  rowIndices: 80,
  rowValues: 84,
  columnStarts: 88,
  columnIndices: 92,
  columnValues: 96,
  center: 100,
  weights: 104,
  work: 108,
  workStep: 112,
  partials: 116,
  partialStep: 120,
  prepared: 124,
  gradient: 128,
  curvatures: 132,
} as const;
const TASK_BYTES = 136;

/** What becomes of a block of scores. */
export const LOGISTIC_MODES = { loss: 0, prepare: 1, hessian: 2, certificate: 3, dual: 4 } as const;

/** Where a row shard's partial sums lie, in f64 from their start. */
export const LOGISTIC_SUMS = {
  loss: 0,
  dual: 1,
  residual: 2,
  curvature: 3,
  nearOdds: 4,
  farLoss: 5,
  farOdds: 6,
} as const;
const GRADIENT = 64;

/** Bytes of a row shard's partial sums, with a gradient of `rowStride` f64 and as many f32 where X is dense. */
export function logisticPartialBytes(rowStride: number): number {
  return Math.ceil((GRADIENT + 12 * rowStride) / 64) * 64;
}

type LogisticField = keyof typeof F64_FIELDS | keyof typeof U32_FIELDS;

/** A descriptor in the kernels' memory. */
export interface LogisticTask {
  readonly pointer: Pointer;
  set(fields: { readonly [field in LogisticField]?: number }): void;
}

export function logisticTask(arena: Arena): LogisticTask {
  const pointer = arena.allocate(TASK_BYTES);
  const f64 = arena.f64(pointer, TASK_BYTES / 8);
  const u32 = arena.u32(pointer, TASK_BYTES / 4);
  return {
    pointer,
    set(fields) {
      for (const [field, value] of Object.entries(fields)) {
        if (field in F64_FIELDS) f64[F64_FIELDS[field as keyof typeof F64_FIELDS] / 8] = value;
        else u32[U32_FIELDS[field as keyof typeof U32_FIELDS] / 4] = value;
      }
    },
  };
}
