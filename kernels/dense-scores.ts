import { scores3x3, scores4x1, scores4x2 } from './dense-score-tiles';

/**
 * Scores of a block of rows in single precision: S ← b + X W.
 *
 *   X   f32, nRows × rowBytes
 *   W   f32, nFeatures × stride
 *   S   f32, nRows × stride
 *
 * Features are summed in runs of 256, so that a run's weights stay in the first-level cache, and the runs are then
 * added up: |error| ≤ (258 + nFeatures / 256) · 2⁻²⁴ · Σ |x w|.
 */
export function denseScores(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  W: usize,
  nFeatures: u32,
  stride: u32,
  intercepts: usize,
  S: usize,
): void {
  const classBytes: usize = stride << 2;
  for (let i: u32 = 0; i < nRows; i++) memory.copy(S + i * classBytes, intercepts, classBytes);
  for (let first: u32 = 0; first < nFeatures; first += RUN) {
    const length = min(RUN, nFeatures - first);
    const x = X + (first << 2);
    let w = W + first * classBytes;
    let left = classBytes;
    let s = S;
    while (left > 0) {
      // Three vectors at a time, but four are two and two.
      const width: usize = left === 16 ? 16 : left === 32 || left === 64 ? 32 : 48;
      if (width === 48) scoreRowsBy3(x, rowBytes, nRows, w, classBytes, length, s);
      else scoreRowsBy4(x, rowBytes, nRows, w, classBytes, length, s, width);
      left -= width;
      w += width;
      s += width;
    }
  }
}

const RUN: u32 = 256;

/** 3 rows × 3 vectors. Past the last row the last one is computed again, to the same result. */
function scoreRowsBy3(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  w: usize,
  classBytes: usize,
  length: u32,
  s: usize,
): void {
  for (let i: u32 = 0; i < nRows; i += 3) {
    const j = min(i + 1, nRows - 1);
    const k = min(i + 2, nRows - 1);
    const x0 = x + i * rowBytes;
    const x1 = x + j * rowBytes;
    const x2 = x + k * rowBytes;
    scores3x3(x0, x1, x2, w, classBytes, length, s + i * classBytes, s + j * classBytes, s + k * classBytes);
  }
}

/** 4 rows × 2 vectors or 1. */
function scoreRowsBy4(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  w: usize,
  classBytes: usize,
  length: u32,
  s: usize,
  width: usize,
): void {
  for (let i: u32 = 0; i < nRows; i += 4) {
    const j = min(i + 1, nRows - 1);
    const k = min(i + 2, nRows - 1);
    const l = min(i + 3, nRows - 1);
    const x0 = x + i * rowBytes;
    const x1 = x + j * rowBytes;
    const x2 = x + k * rowBytes;
    const x3 = x + l * rowBytes;
    const s0 = s + i * classBytes;
    const s1 = s + j * classBytes;
    const s2 = s + k * classBytes;
    const s3 = s + l * classBytes;
    if (width === 32) scores4x2(x0, x1, x2, x3, w, classBytes, length, s0, s1, s2, s3);
    else scores4x1(x0, x1, x2, x3, w, classBytes, length, s0, s1, s2, s3);
  }
}
