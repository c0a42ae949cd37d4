// A run of a row as integers of 16 bits, so that its products with another such run are exact.

import { horizontalMax } from './lanes';

/** The length to which each lane of a run is scaled: no product of two lanes passes 2³⁰, no number 2¹⁵. */
const LENGTH: f32 = 32700;
/** A run whose squares are below this is taken for 0: in f32 less of them is lost than counts. */
const LEAST_SQUARE: f32 = 2 ** -80;
/** Added to an f32 below 2²², it leaves the nearest integer in the low bits. */
const ROUNDER: f32 = 12582912;

/** Bytes of a run of all rows with their units, and room for three more, behind it, padded to vectors. */
export function quantizedBytes(nRows: u32, run: u32): usize {
  return (nRows * ((run << 1) + 4) + 27) & ~15;
}

/**
 * out (i16, nFeatures padded with zeros to a multiple of 8) ← x / unit, rounded; x f32, nFeatures a multiple of 4. Gives
 * the unit: the greatest length of what four lanes of integer products see of x, over 32 700. |x − unit · out| ≤
 * 0.51 · unit.
 */
export function quantizeRun(x: usize, nFeatures: u32, out: usize): f32 {
  const whole: usize = (nFeatures & ~7) << 2;
  let squares0 = f32x4.splat(0);
  let squares1 = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 32) {
    const a = v128.load(x + at);
    const b = v128.load(x + at, 16);
    squares0 = f32x4.add(squares0, f32x4.mul(a, a));
    squares1 = f32x4.add(squares1, f32x4.mul(b, b));
  }
  if (nFeatures & 4) {
    const a = v128.load(x + whole);
    squares0 = f32x4.add(squares0, f32x4.mul(a, a));
  }
  // A lane of integer products takes two neighbours.
  const lanes = f32x4.add(
    i32x4.shuffle(squares0, squares1, 0, 2, 4, 6),
    i32x4.shuffle(squares0, squares1, 1, 3, 5, 7),
  );
  const square = horizontalMax(lanes);
  if (square < LEAST_SQUARE) {
    memory.fill(out, 0, ((nFeatures + 7) & ~7) << 1);
    return 0;
  }
  const length = sqrt<f32>(square);
  const scale = f32x4.splat(LENGTH / length);
  const rounder = f32x4.splat(ROUNDER);
  for (let at: usize = 0; at < whole; at += 32) {
    const a = f32x4.add(f32x4.mul(v128.load(x + at), scale), rounder);
    const b = f32x4.add(f32x4.mul(v128.load(x + at, 16), scale), rounder);
    v128.store(out, i16x8.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
    out += 16;
  }
  if (nFeatures & 4) {
    const a = f32x4.add(f32x4.mul(v128.load(x + whole), scale), rounder);
    v128.store(out, i16x8.shuffle(a, f32x4.splat(0), 0, 2, 4, 6, 8, 10, 12, 14));
  }
  return length / LENGTH;
}
