import type { Runtime } from '../runtime/runtime.ts';
import type { ColumnStatistics } from './column-scaling.ts';
import { denseStatistics } from './dense-statistics.ts';
import { type DenseMatrix, denseStride } from './design-matrix.ts';
import { checkValues, featureShape, type RowsInput } from './feature-input.ts';
import { placeTask } from './place-task.ts';
import { rowChunks } from './row-chunks.ts';

export interface DensePlacing {
  /** A weight ≥ 0 for each sample, or null where all are 1. */
  readonly weights: Float64Array | null;
  /** Divide by the standard deviation. */
  readonly standardize: boolean;
  /** Subtract the mean. */
  readonly center: boolean;
}

/**
 * The rows as a matrix: (x − mean) / scale, computed in f64 and rounded to f32 once, |error| ≤ 2⁻²⁴ |z|. Throws as
 * `checkValues`, and a RangeError for what single precision cannot hold.
 */
export function denseMatrix(
  runtime: Runtime,
  X: RowsInput,
  { weights, standardize, center }: DensePlacing,
): { readonly matrix: DenseMatrix; readonly statistics: ColumnStatistics | null } {
  const { arena } = runtime;
  const { nSamples, nFeatures } = featureShape(X);
  const stride = denseStride(nFeatures);
  const matrix: DenseMatrix = {
    kind: 'dense',
    nSamples,
    nFeatures,
    stride,
    values: arena.allocateUnset(nSamples * stride * 4),
  };
  const mark = arena.mark();
  // Rows without padding are worked on where they will be.
  const place = stride === nFeatures ? matrix.values : null;
  const task = placeTask(runtime, rowChunks(arena, X, nSamples, nFeatures, place), nFeatures);
  const explain = () => checkValues(X);
  const options = { nSamples, nFeatures, weights, deviations: standardize, explain };
  const gathered = standardize || center ? denseStatistics(runtime, task, options) : null;
  const statistics = gathered === null || center ? gathered : withoutCentring(gathered);

  const onColumns = (values: Float64Array | undefined) => {
    if (values === undefined) return 0;
    const placed = arena.allocateF64(stride);
    placed.set(values);
    return placed.byteOffset;
  };
  const mean = onColumns(center ? statistics?.mean : undefined);
  const scale = onColumns(standardize ? statistics?.scale : undefined);
  task.set({ mean, scale, out: matrix.values });
  const finite = task.placeRows();
  arena.release(mark);
  if (!finite) {
    explain();
    refuseOverflow(arena.f32(matrix.values, nSamples * stride), matrix);
  }
  return { matrix, statistics };
}

/** Without centring no mean is subtracted, and a constant column tells as much as an intercept. */
export function withoutCentring({ mean, scale }: ColumnStatistics): ColumnStatistics {
  return { mean: new Float64Array(mean.length), scale, constant: [] };
}

/** Rounding to infinity would be silent. */
export function refuseLarge(row: number, column: number): never {
  throw new RangeError(
    `"X" expected values that single precision can hold, up to 3.4e38, got more in row ${row}, column ${column} (both from 0)`,
  );
}

function refuseOverflow(values: Float32Array, { stride }: DenseMatrix): never {
  const at = values.findIndex((z) => !Number.isFinite(z));
  refuseLarge(Math.floor(at / stride), at % stride);
}
