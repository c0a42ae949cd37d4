import { HingeDualTask } from './hinge-dual-task';

// scratch, `stride` floats each: [0] scores; [1] offset of every score; [2] κ U; then of the groups of four classes
// that can move: [3] unbounded steps, [4] and [5] their bounds, [6] their steps, [7] their places;
// [8] what W moves by, times x. Then [9] the row: not in static data, which a thread that starts late sets anew.
export const OFFSETS: usize = 1;
export const WISH: usize = 3;
export const LOWER: usize = 4;
export const UPPER: usize = 5;
export const STEP: usize = 6;
export const PLACES: usize = 7;
export const CHANGE: usize = 8;
export const ROW: usize = 9;

export function part(t: HingeDualTask, which: usize): usize {
  return t.scratch + ((which * <usize>t.stride) << 2);
}

export function refreshOffsets(t: HingeDualTask): void {
  const bytes = (<usize>t.stride) << 2;
  for (let at: usize = 0; at < bytes; at += 16) refreshOffset(t, at);
}

/** The offsets of the four classes at `at`. */
export function refreshOffset(t: HingeDualTask, at: usize): void {
  const wide = at << 1;
  const kappa = f64x2.splat(t.kappa);
  const share = f64x2.splat(t.rho + t.centerNorm);
  const low = f64x2.mul(kappa, v128.load(t.columnSums + wide));
  const high = f64x2.mul(kappa, v128.load(t.columnSums + wide, 16));
  const b = t.intercepts + wide;
  const Ac = t.centerProduct + wide;
  const out = part(t, OFFSETS) + at;
  v128.store(
    out,
    narrow(
      f64x2.sub(f64x2.sub(v128.load(b), v128.load(Ac)), f64x2.mul(share, low)),
      f64x2.sub(f64x2.sub(v128.load(b, 16), v128.load(Ac, 16)), f64x2.mul(share, high)),
    ),
  );
  v128.store(out + ((<usize>t.stride) << 2), narrow(low, high));
}

export function narrow(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}
