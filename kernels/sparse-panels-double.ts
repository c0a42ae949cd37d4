import { PassTask } from './pass-task';
import { finishFeature } from './sparse';

/** Bytes of a row of R that are worked on together: a cache line. */
const PANEL: usize = 64;

/**
 * sparseColumnsDouble, the same bits, for the classes of a shard of two panels, through the compressed rows: a panel's
 * sums, which lie in `weights` row after row, stay near where the rows of R that columns ask for come from far away.
 * `weights` has room for one panel of each shard.
 */
export function sparsePanelsDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const rowBytes: usize = t.stride << 3;
  const sums = t.weights + shard * t.nFeatures * PANEL;
  const first = shard * 2 * PANEL;
  const last = min(first + 2 * PANEL, rowBytes);
  for (let at = first; at < last; at += PANEL) {
    const bytes = min(PANEL, last - at);
    memory.fill(sums, 0, t.nFeatures * bytes);
    if (bytes === PANEL) scatterFour(t, t.work + at, rowBytes, sums);
    else scatterTwo(t, t.work + at, rowBytes, sums);
    for (let j: u32 = 0; j < t.nFeatures; j++) finishFeature(t, j, sums + j * bytes, at, bytes);
  }
}

/** sums ← sums + Xᵀ R, vectors of PANEL bytes */
function scatterFour(t: PassTask, R: usize, rowBytes: usize, sums: usize): void {
  let index = t.rowIndices;
  let value = t.rowValues;
  for (let i: u32 = 0; i < t.nSamples; i++) {
    const end = t.rowIndices + (load<u32>(t.rowStarts + (i << 2), 4) << 2);
    const r0 = v128.load(R);
    const r1 = v128.load(R, 16);
    const r2 = v128.load(R, 32);
    const r3 = v128.load(R, 48);
    for (; index < end; index += 4, value += 4) {
      const sum = sums + load<u32>(index) * PANEL;
      const x = f64x2.splat(<f64>load<f32>(value));
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(x, r0)));
      v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(x, r1)), 16);
      v128.store(sum, f64x2.add(v128.load(sum, 32), f64x2.mul(x, r2)), 32);
      v128.store(sum, f64x2.add(v128.load(sum, 48), f64x2.mul(x, r3)), 48);
    }
    R += rowBytes;
  }
}

/** The same with vectors of half as many bytes: the classes are a multiple of four. */
function scatterTwo(t: PassTask, R: usize, rowBytes: usize, sums: usize): void {
  let index = t.rowIndices;
  let value = t.rowValues;
  for (let i: u32 = 0; i < t.nSamples; i++) {
    const end = t.rowIndices + (load<u32>(t.rowStarts + (i << 2), 4) << 2);
    const r0 = v128.load(R);
    const r1 = v128.load(R, 16);
    for (; index < end; index += 4, value += 4) {
      const sum = sums + load<u32>(index) * (PANEL / 2);
      const x = f64x2.splat(<f64>load<f32>(value));
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(x, r0)));
      v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(x, r1)), 16);
    }
    R += rowBytes;
  }
}
