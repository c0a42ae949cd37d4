import { rowLength, rowValuesOf, SoftmaxDualTask } from './softmax-dual-task';
import { sumOfSquares } from './sparse-squares';

/** Rows of a shard, as in src/problem/softmax-dual-task.ts. */
const SHARD_ROWS: u32 = 1024;

/** u = 0 and ‖x‖² of one shard of rows, and W = 0 of as large a part of W. */
export function softmaxDualStart(task: usize, shard: u32): void {
  const t = changetype<SoftmaxDualTask>(task);
  const bytes = (<usize>t.stride) << 2;
  const end = min(t.nSamples, (shard + 1) * SHARD_ROWS);
  const first = shard * SHARD_ROWS;
  memory.fill(t.targets + first * bytes, 0, (end - first) * bytes);
  for (let i = first; i < end; i++) {
    store<f32>(t.targets + i * bytes + (load<u32>(t.labels + (i << 2)) << 2), 1);
    store<f32>(t.squaredNorms + (i << 2), <f32>sumOfSquares(rowValuesOf(t, i), rowLength(t, i)));
  }
  const nShards = (t.nSamples + SHARD_ROWS - 1) / SHARD_ROWS;
  const features = (t.nFeatures + nShards - 1) / nShards;
  const from = min(t.nFeatures, shard * features);
  memory.fill(t.weights + from * bytes, 0, (min(t.nFeatures, from + features) - from) * bytes);
}
