// The sums of the pairs or the rows that are listed into the lower halves of the blocks of classes.

import { addColumnsApart } from './class-blocks-mixed';
import { ClassBlocksTask, listOf, rowBytesOf } from './class-blocks-task';
import { gradientBytes, gradientOfWidth } from './class-gradient';
import { tileWidth } from './class-tiles';
import { MixedRows } from './mixed-layout';

/** Rows whose products are summed in f32 before they are added to an f64: error ≤ 64 · 2⁻²⁴ · Σ |products|. */
const BLOCK: u32 = 60;

/** The sums of a list into the block of its number. */
export function sumList(t: ClassBlocksTask, k: u32): void {
  const B = t.blocks + k * t.blockStep;
  memory.fill(B, 0, t.blockStep);
  if (t.mixed === 0) {
    addRows(t, k, t.values, t.rowBytes, t.nFeatures, B);
    return;
  }
  const m = changetype<MixedRows>(t.mixed);
  addRows(t, k, m.values, m.rowStride << 2, m.nDense, B);
  addColumnsApart(t, m, k, B);
}

/** The lower half of B ← B + Σ over the list's rows of so many columns and 1, blocks of rows times the weights' roots. */
function addRows(t: ClassBlocksTask, k: u32, values: usize, rowBytes: u32, nFeatures: u32, B: usize): void {
  const nColumns = nFeatures + 1;
  const gBytes = gradientBytes(rowBytesOf(t.nFeatures + 1));
  const zBytes = rowBytesOf(nColumns);
  const work = t.work + k * t.workStep;
  const count = load<u32>(t.counts + (k << 2));
  const list = listOf(t, k);
  for (let first: u32 = 0; first < count; first += BLOCK) {
    const nRows = min(BLOCK, count - first);
    for (let i: u32 = 0; i < nRows; i++) {
      const pair = list + ((first + i) << 3);
      const x = values + load<u32>(pair) * rowBytes;
      gather(x, nFeatures, sqrt<f32>(load<f32>(pair, 4)), work + i * zBytes);
    }
    addBlock(work, nRows, nColumns, B, gBytes);
  }
}

/** z ← root · (x, 1), padded with zeros. What is read of x goes on to a vector's end, to no effect. */
function gather(x: usize, nFeatures: u32, root: f32, z: usize): void {
  const factor = f32x4.splat(root);
  const whole: usize = (nFeatures & ~3) << 2;
  for (let at: usize = 0; at < whole; at += 16) {
    v128.store(z + at, f32x4.mul(factor, v128.load(x + at)));
  }
  const lanes = i32x4(0, 1, 2, 3);
  const left = i32x4.splat(nFeatures & 3);
  const one = v128.and(i32x4.eq(lanes, left), f32x4.splat(1));
  const values = v128.or(v128.and(i32x4.lt_s(lanes, left), v128.load(x + whole)), one);
  v128.store(z + whole, f32x4.mul(factor, values));
}

function addBlock(Z: usize, nRows: u32, nColumns: u32, B: usize, gBytes: usize): void {
  const zBytes = rowBytesOf(nColumns);
  let width: u32 = 0;
  for (let i: u32 = 0; i < nColumns; i += width) {
    width = tileWidth(nColumns - i);
    for (let j: u32 = 0; j < i + width; j += 8) {
      const g = B + i * gBytes + (j << 3);
      gradientOfWidth<f32>(width, Z + (j << 2), zBytes, nRows, Z + (i << 2), zBytes, g, gBytes);
    }
  }
}
