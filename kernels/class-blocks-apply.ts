import { ClassBlocksTask, rowBytesOf } from './class-blocks-task';
import { sumOfLanes } from './lanes';

/** out ← P B⁻¹ P x + what the classes share of x over the ridge's curvature, P taking out what they share. */
export function classBlocksApply(task: usize, _shard: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const nClasses = t.nClasses;
  const nColumns = t.nFeatures + 1;
  const zBytes = rowBytesOf(nColumns);
  const thetaBytes: usize = t.stride << 3;
  const shared = t.work;
  const z = t.work + 2 * zBytes;
  memory.copy(t.out, t.x, nColumns * thetaBytes);
  for (let j: u32 = 0; j < nColumns; j++) {
    store<f64>(shared + (j << 3), takeOutMean(t.out + j * thetaBytes, nClasses));
  }
  memory.fill(z, 0, zBytes);
  for (let k: u32 = 0; k < nClasses; k++) {
    const out = t.out + (k << 3);
    for (let j: u32 = 0; j < nColumns; j++) {
      store<f32>(z + (j << 2), <f32>load<f64>(out + j * thetaBytes));
    }
    multiply(t.inverses + k * t.inverseStep, zBytes, nColumns, z, out, thetaBytes);
  }
  for (let j: u32 = 0; j < nColumns; j++) {
    const out = t.out + j * thetaBytes;
    takeOutMean(out, nClasses);
    if (j === t.nFeatures) break;
    const share = load<f64>(shared + (j << 3)) / t.curvature;
    for (let k: u32 = 0; k < nClasses; k++) store<f64>(out + (k << 3), load<f64>(out + (k << 3)) + share);
  }
}

/** x ← x − its mean, which is returned. */
function takeOutMean(x: usize, count: u32): f64 {
  let sum: f64 = 0;
  for (let k: u32 = 0; k < count; k++) sum += load<f64>(x + (k << 3));
  const mean = sum / <f64>count;
  for (let k: u32 = 0; k < count; k++) store<f64>(x + (k << 3), load<f64>(x + (k << 3)) - mean);
  return mean;
}

/** out (f64, a number every outBytes) ← A z, four rows of A at a time */
function multiply(A: usize, rowBytes: usize, n: u32, z: usize, out: usize, outBytes: usize): void {
  for (let i: u32 = 0; i < n; i += 4) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let a = A + i * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const v = v128.load(z + at);
      a0 = f32x4.add(a0, f32x4.mul(v, v128.load(a)));
      a1 = f32x4.add(a1, f32x4.mul(v, v128.load(a + rowBytes)));
      a2 = f32x4.add(a2, f32x4.mul(v, v128.load(a + 2 * rowBytes)));
      a3 = f32x4.add(a3, f32x4.mul(v, v128.load(a + 3 * rowBytes)));
      a += 16;
    }
    const at = out + i * outBytes;
    storeSum(at, a0);
    if (i + 1 < n) storeSum(at + outBytes, a1);
    if (i + 2 < n) storeSum(at + 2 * outBytes, a2);
    if (i + 3 < n) storeSum(at + 3 * outBytes, a3);
  }
}

function storeSum(at: usize, a: v128): void {
  store<f64>(at, <f64>f32x4.extract_lane(sumOfLanes(a), 0));
}
