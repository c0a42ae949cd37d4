import type { Runtime } from '../runtime/runtime.ts';
import { type ColumnStatistics, columnStatistics, columnUnits, sumOfWeights } from './column-scaling.ts';
import type { PlaceTask } from './place-task.ts';

/** What to gather of dense rows. */
export interface DenseStatisticsOptions {
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly weights: Float64Array | null;
  /** Whether deviations are asked for, which takes a second pass; else every scale is 1. */
  readonly deviations: boolean;
  /** Called where a sum is not finite: throws unless all values are. */
  readonly explain: () => void;
}

/** Mean and deviation of each column in f64: sums over the rows in ascending order, whatever the chunks and shards. */
export function denseStatistics(
  { arena, kernels }: Runtime,
  task: PlaceTask,
  { nSamples, nFeatures, weights, deviations, explain }: DenseStatisticsOptions,
): ColumnStatistics {
  const padded = Math.ceil(nFeatures / 4) * 4;
  const column = () => arena.allocateF64(padded);
  const mark = arena.mark();
  if (weights !== null) {
    const placed = arena.allocateF64(nSamples);
    placed.set(weights);
    task.set({ weights: placed.byteOffset });
  }
  const sums = column();
  const own = (values: Float64Array) => values.slice(0, nFeatures);
  const weightSum = sumOfWeights(weights, nSamples);
  const withoutDeviations = () => {
    const mean = own(sums);
    arena.release(mark);
    return { mean, scale: new Float64Array(nFeatures).fill(1), constant: [] };
  };
  // Sums of one f32 up to 2²⁹ times are exact: no extremes are needed to tell a constant column's mean.
  if (!deviations && weights === null && task.single) {
    task.set({ sums: sums.byteOffset });
    task.sumColumns();
    if (!kernels.columnMeans(sums.byteOffset, 0, 0, nFeatures, weightSum)) explain();
    return withoutDeviations();
  }
  const least = column().fill(Infinity);
  const greatest = column().fill(-Infinity);
  task.set({ sums: sums.byteOffset, least: least.byteOffset, greatest: greatest.byteOffset });
  task.sumColumns();
  const columns = [sums.byteOffset, least.byteOffset, greatest.byteOffset] as const;
  if (!kernels.columnMeans(...columns, nFeatures, weightSum)) explain();
  if (!deviations) return withoutDeviations();
  const units = column();
  units.set(columnUnits(own(least), own(greatest)));
  const squares = column();
  task.set({ mean: sums.byteOffset, units: units.byteOffset, squares: squares.byteOffset });
  task.sumDeviations();
  const statistics = columnStatistics(own(sums), own(squares), own(least), own(greatest), weightSum);
  arena.release(mark);
  return statistics;
}
