import type { Runtime } from '../runtime/runtime.ts';

/** A symmetric positive definite matrix in the runtime's memory, and its factor. */
export interface CholeskyMatrix {
  readonly size: number;
  /** f64, size × rowStride; only the lower half, the diagonal included, is read. */
  readonly values: Float64Array;
  readonly rowStride: number;
  /** values ← L of A = L Lᵀ. Pivots that rounding made ≤ 0 are replaced by tiny ones. */
  factor(): void;
  /** x ← A⁻¹ x, once factored; x lies in the runtime's memory. */
  solve(x: Float64Array): void;
  /** x ← L⁻ᵀ x of the factor. */
  solveTransposed(x: Float64Array): void;
}

/** As in kernels/cholesky.ts. */
const BLOCK = 32;
const SHARD_ROWS = 32;
const FIRST_COLUMN = 3;

export function choleskyMatrix({ arena, kernels, run }: Runtime, size: number): CholeskyMatrix {
  const rowStride = Math.ceil(size / 8) * 8;
  const values = arena.allocateF64(size * rowStride);
  const task = arena.allocate(16);
  const fields = arena.u32(task, 4);
  return {
    size,
    values,
    rowStride,
    factor() {
      fields.set([size, rowStride * 8, values.byteOffset, 0]);
      kernels.choleskyDiagonal(task);
      for (; fields[FIRST_COLUMN] + BLOCK < size; fields[FIRST_COLUMN] += BLOCK) {
        run('choleskyRows', task, Math.ceil((size - fields[FIRST_COLUMN] - BLOCK) / SHARD_ROWS));
      }
    },
    solve(x) {
      kernels.choleskySolve(values.byteOffset, rowStride * 8, size, x.byteOffset);
    },
    solveTransposed(x) {
      kernels.choleskySolveTransposed(values.byteOffset, rowStride * 8, size, x.byteOffset);
    },
  };
}
