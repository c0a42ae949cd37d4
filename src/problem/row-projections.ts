import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LeadingDirections } from './leading-directions.ts';

/** Rows' coordinates along directions. */
export interface RowProjections {
  /** X V, f32, with a 1 behind each row, as sampleRows lays rows out. */
  readonly projected: DenseMatrix;
  /** X V anew, where the rows have changed. */
  project(): void;
}

/** As in kernels/row-projections.ts. */
const BLOCK = 96;

/** Of all rows of the matrix, or of those `drawn` from compact ones. */
export function rowProjections(
  { arena, run }: Runtime,
  { nSamples, nFeatures, stride: rowStride, values, compact }: DenseMatrix,
  { values: V, stride, count }: LeadingDirections,
  drawn: Uint32Array | null = null,
): RowProjections {
  const nRows = drawn === null ? nSamples : drawn.length;
  const coordinates = arena.allocateF32(nRows * stride);
  const constants = arena.allocateF32(stride);
  const rows = compact?.values ?? values;
  const task = arena.allocateU32(12);
  task.set([nRows, rowStride, nFeatures, stride, rows, V.byteOffset, constants.byteOffset]);
  task[7] = coordinates.byteOffset;
  if (compact !== undefined) {
    task.set([compact.starts, compact.indices, drawn === null ? 0 : drawn.byteOffset], 9);
    const center = arena.f64(compact.center, nFeatures);
    for (let m = 0; m < count; m++) {
      let sum = 0;
      for (let j = 0; j < nFeatures; j++) sum += center[j] * V[j * stride + m];
      constants[m] = -sum;
    }
  }
  constants[count] = 1;
  const kernel = compact === undefined ? 'projectRows' : 'projectCompactRows';
  return {
    projected: { kind: 'dense', nSamples: nRows, nFeatures: count, stride, values: coordinates.byteOffset },
    project: () => run(kernel, task.byteOffset, Math.ceil(nRows / BLOCK)),
  };
}
