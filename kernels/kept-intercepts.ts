import { lowerProducts } from './dense-gradient';
import { interceptHessianOf, PassTask, partialOf } from './pass-task';

/** The lower half of Σ p pᵀ over one shard's rows into the intercept Hessian, of the probabilities that a pass has kept. */
export function keptInterceptHessian(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const H = interceptHessianOf(partialOf(t, shard), t.stride);
  const rowBytes: usize = t.stride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(H, 0, (t.hessianRows * rowBytes) << 1);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    lowerProducts(t.kept + i * rowBytes, min(t.blockRows, last - i), t.nClasses, t.stride, H);
  }
}
