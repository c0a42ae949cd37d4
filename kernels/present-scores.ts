import { PassTask } from './pass-task';

// Scores where most features have no weight: S ← b + X W over the features that `present` lists, four rows at a time.
// Past the last row the last one is computed again, to the same result.

/** In single precision: |error| ≤ (nPresent + 1) · 2⁻²⁴ · Σ |x w|. */
export function presentScores(t: PassTask, X: usize, nRows: u32, S: usize): void {
  const rowBytes: usize = t.rowStride << 2;
  const classBytes: usize = t.stride << 2;
  const end = t.present + (t.nPresent << 2);
  for (let i: u32 = 0; i < nRows; i += 4) {
    const j = min(i + 1, nRows - 1);
    const k = min(i + 2, nRows - 1);
    const l = min(i + 3, nRows - 1);
    const x0 = X + i * rowBytes;
    const x1 = X + j * rowBytes;
    const x2 = X + k * rowBytes;
    const x3 = X + l * rowBytes;
    for (let tile: usize = 0; tile < classBytes; tile += 16) {
      const b = v128.load(t.interceptsSingle + tile);
      let s0 = b;
      let s1 = b;
      let s2 = b;
      let s3 = b;
      for (let at = t.present; at < end; at += 4) {
        const feature: usize = load<u32>(at);
        const w = v128.load(t.weights + feature * classBytes + tile);
        const column = feature << 2;
        s0 = f32x4.add(s0, f32x4.mul(v128.load_splat<u32>(x0 + column), w));
        s1 = f32x4.add(s1, f32x4.mul(v128.load_splat<u32>(x1 + column), w));
        s2 = f32x4.add(s2, f32x4.mul(v128.load_splat<u32>(x2 + column), w));
        s3 = f32x4.add(s3, f32x4.mul(v128.load_splat<u32>(x3 + column), w));
      }
      v128.store(S + i * classBytes + tile, s0);
      v128.store(S + j * classBytes + tile, s1);
      v128.store(S + k * classBytes + tile, s2);
      v128.store(S + l * classBytes + tile, s3);
    }
  }
}

/** In double precision. */
export function presentScoresDouble(t: PassTask, X: usize, nRows: u32, S: usize): void {
  const rowBytes: usize = t.rowStride << 2;
  const classBytes: usize = t.stride << 3;
  const end = t.present + (t.nPresent << 2);
  for (let i: u32 = 0; i < nRows; i += 4) {
    const j = min(i + 1, nRows - 1);
    const k = min(i + 2, nRows - 1);
    const l = min(i + 3, nRows - 1);
    const x0 = X + i * rowBytes;
    const x1 = X + j * rowBytes;
    const x2 = X + k * rowBytes;
    const x3 = X + l * rowBytes;
    for (let tile: usize = 0; tile < classBytes; tile += 16) {
      const b = v128.load(t.intercepts + tile);
      let s0 = b;
      let s1 = b;
      let s2 = b;
      let s3 = b;
      for (let at = t.present; at < end; at += 4) {
        const feature: usize = load<u32>(at);
        const w = v128.load(t.theta + feature * classBytes + tile);
        const column = feature << 2;
        s0 = f64x2.add(s0, f64x2.mul(splat(x0 + column), w));
        s1 = f64x2.add(s1, f64x2.mul(splat(x1 + column), w));
        s2 = f64x2.add(s2, f64x2.mul(splat(x2 + column), w));
        s3 = f64x2.add(s3, f64x2.mul(splat(x3 + column), w));
      }
      v128.store(S + i * classBytes + tile, s0);
      v128.store(S + j * classBytes + tile, s1);
      v128.store(S + k * classBytes + tile, s2);
      v128.store(S + l * classBytes + tile, s3);
    }
  }
}

function splat(x: usize): v128 {
  return f64x2.splat(<f64>load<f32>(x));
}
