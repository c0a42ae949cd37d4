import { sumOfLanes } from './lanes';

/** Written by src/problem/hinge-line.ts: keep both in step. */
@unmanaged
class HingeLineTask {
  margin: f64; // 0
  /** 1 / μ */
  inverse: f64; // 8
  /** how far along the direction */
  step: f64; // 16
  nSamples: u32; // 24
  stride: u32; // 28: a multiple of 4
  labels: usize; // 32: u32
  sampleWeights: usize; // 36: f64 or 0
  /** f32 × nSamples × stride: scores, padding −1e30 */
  scores: usize; // 40
  /** the same of the direction, padding 0 */
  changes: usize; // 44
  /** the centres a */
  centres: usize; // 48
  /** f64 × 2 for each shard */
  partials: usize; // 52
}

/** Rows of a shard. */
const BLOCK: u32 = 512;

/**
 * Along a line of scores the smoothed hinge's first and second derivative by the step, summed over 512 rows: with
 * t_j = s_j − s_y + Δ and d_j = c_j − c_y at s = scores + step · changes, Σ v α_j d_j and Σ v d_j² / μ over
 * 0 < a_j + t_j / μ < 1. Classes in f32, rows in f64.
 */
export function hingeLine(task: usize, shard: u32): void {
  const t = changetype<HingeLineTask>(task);
  const rowBytes: usize = t.stride << 2;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const inverse = f32x4.splat(<f32>t.inverse);
  const step = f32x4.splat(<f32>t.step);
  const last = min(t.nSamples, (shard + 1) * BLOCK);
  let slope: f64 = 0;
  let curvature: f64 = 0;
  for (let i = shard * BLOCK; i < last; i++) {
    const y = load<u32>(t.labels + (i << 2));
    const S = t.scores + i * rowBytes;
    const C = t.changes + i * rowBytes;
    const A = t.centres + i * rowBytes;
    const own = f32x4.splat(load<f32>(C + (y << 2)));
    const shift = f32x4.sub(f32x4.splat(<f32>t.margin - load<f32>(S + (y << 2))), f32x4.mul(step, own));
    const trueClass = i32x4.splat(y);
    let classes = i32x4(0, 1, 2, 3);
    let slopes = zero;
    let curvatures = zero;
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const others = i32x4.ne(classes, trueClass);
      const c = v128.load(C + at);
      const excess = f32x4.add(f32x4.add(v128.load(S + at), f32x4.mul(step, c)), shift);
      const free = v128.and(f32x4.add(v128.load(A + at), f32x4.mul(excess, inverse)), others);
      const d = f32x4.sub(c, own);
      const alpha = f32x4.pmin(f32x4.pmax(free, zero), one);
      slopes = f32x4.add(slopes, f32x4.mul(alpha, d));
      const inside = v128.and(f32x4.gt(free, zero), f32x4.lt(free, one));
      curvatures = f32x4.add(curvatures, v128.and(inside, f32x4.mul(d, d)));
      classes = i32x4.add(classes, i32x4.splat(4));
    }
    const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    slope += v * <f64>f32x4.extract_lane(sumOfLanes(slopes), 0);
    curvature += v * <f64>f32x4.extract_lane(sumOfLanes(curvatures), 0);
  }
  store<f64>(t.partials + (shard << 4), slope);
  store<f64>(t.partials + (shard << 4), curvature * t.inverse, 8);
}
