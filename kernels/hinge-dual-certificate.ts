// Double-precision passes for the certificate of the Weston–Watkins hinge: the repair of a dual point's
// column sums, Σ u xᵀ of the repaired point, and the scores and the exact loss at θ.
//
// A repair moves a_ij by ω_ij fᵢ (φ_y − φ_j), clipped to the box, with ω_ij = min(a_ij, vᵢ − a_ij) + slack · vᵢ and the
// row's factor f > 0, 1 where there are none.

import { addRow, scoreRow } from './hinge-dual-rows';
import { boxOf, factorOf, HingeDualTask, labelOf } from './hinge-dual-task';

/**
 * Repairs the rows of `shard` by the potentials (all 0: not at all) and reports, for the next repair, into the
 * shard's partials: Σ a, the column sums Σ f u (stride), and the class-to-class weights f² ω (stride × stride). Potentials
 * of padding must be the largest of all, so that its a_ij stay 0.
 */
export function hingeDualRepair(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const wide = (<usize>t.stride) << 3;
  const out = partialsOf(t, shard);
  const sums = out + 8;
  memory.fill(out, 0, 8 + wide + wide * t.stride);
  let mass: f64 = 0;
  const to = lastRow(t, shard);
  for (let i = firstRow(t, shard); i < to; i++) {
    const label = labelOf(t, i);
    const total = repairRow(t, i, label, sums, sums + wide + <usize>label * wide);
    const own = sums + ((<usize>label) << 3);
    store<f64>(own, load<f64>(own) - factorOf(t, i) * total);
    store<f64>(t.rowMass + ((<usize>i) << 3), total);
    mass += total;
  }
  store<f64>(out, mass);
}

/** Row i: column sums and ω are added to `sums` and `flow`; returns Σ a. */
function repairRow(t: HingeDualTask, i: u32, label: u32, sums: usize, flow: usize): f64 {
  const wide = (<usize>t.stride) << 3;
  const box = boxOf(t, i);
  const top = f64x2.splat(box);
  const zero = f64x2.splat(0);
  const repairSlack = f64x2.splat(t.repairSlack * box);
  const slack = f64x2.splat(t.slack * box);
  const own = f64x2.splat(load<f64>(t.potentials + ((<usize>label) << 3)));
  const factor = f64x2.splat(factorOf(t, i));
  const square = f64x2.mul(factor, factor);
  const alpha = t.alpha + <usize>i * wide;
  let totals = zero;
  for (let at: usize = 0; at < wide; at += 16) {
    let a = v128.load(alpha + at);
    const push = f64x2.mul(factor, f64x2.sub(own, v128.load(t.potentials + at)));
    const weight = f64x2.add(f64x2.pmin(a, f64x2.sub(top, a)), repairSlack);
    a = f64x2.pmin(f64x2.pmax(f64x2.add(a, f64x2.mul(weight, push)), zero), top);
    v128.store(alpha + at, a);
    v128.store(sums + at, f64x2.add(v128.load(sums + at), f64x2.mul(factor, a)));
    const next = f64x2.add(f64x2.pmin(a, f64x2.sub(top, a)), slack);
    v128.store(flow + at, f64x2.add(v128.load(flow + at), f64x2.mul(square, next)));
    totals = f64x2.add(totals, a);
  }
  return f64x2.extract_lane(totals, 0) + f64x2.extract_lane(totals, 1);
}

/** gradient ← Σᵢ uᵢ xᵢᵀ over the stored rows for the classes of `shard`; needs hingeDualRepair's masses. */
export function hingeDualGradient(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const wide = (<usize>t.stride) << 3;
  const fours = t.stride >> 2;
  const first: usize = (<usize>((fours * shard) / t.nClassShards)) << 5;
  const end: usize = (<usize>((fours * (shard + 1)) / t.nClassShards)) << 5;
  const out = t.gradient;
  for (let j: u32 = 0; j < t.nFeatures; j++) memory.fill(out + <usize>j * wide + first, 0, end - first);
  for (let i: u32 = 0; i < t.nSamples; i++) {
    const mass = load<f64>(t.rowMass + ((<usize>i) << 3));
    if (mass === 0) continue;
    const alpha = t.alpha + <usize>i * wide;
    // The row's own a stands for u there while it is used, and is 0 again afterwards.
    const own = alpha + ((<usize>labelOf(t, i)) << 3);
    const isMine = own >= alpha + first && own < alpha + end;
    if (isMine) store<f64>(own, -mass);
    for (let at = first; at < end; at += 32) {
      const low = v128.load(alpha + at);
      const high = v128.load(alpha + at, 16);
      if (v128.any_true(v128.or(low, high))) addRow(t, i, out + at, low, high);
    }
    if (isMine) store<f64>(own, 0);
  }
}

/** scores ← W xᵢ + b at θ for the rows of `shard`. */
export function hingeScores(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const to = lastRow(t, shard);
  for (let i = firstRow(t, shard); i < to; i++) {
    scoreRow(t, i, scoresOf(t, i));
  }
}

/**
 * Over the rows of `shard`, at the kept scores moved by f · `shifts`: Σ vᵢ ℓ of the exact hinge, of the hinge
 * smoothed by μ, and the smoothed one's gradient and Hessian by the shifts. Where μ is 0: the exact sum only.
 */
export function hingeInterceptPass(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const K = t.nClasses;
  const out = partialsOf(t, shard);
  const gradient = out + 16;
  const hessian = gradient + ((<usize>t.stride) << 3);
  memory.fill(out, 0, partialBytes(t));
  const mu = t.smoothing;
  let exact: f64 = 0;
  let smoothed: f64 = 0;
  const to = lastRow(t, shard);
  for (let i = firstRow(t, shard); i < to; i++) {
    const label = labelOf(t, i);
    const box = boxOf(t, i);
    const scores = scoresOf(t, i);
    const own = (<usize>label) << 3;
    const factor = factorOf(t, i);
    const factors = f64x2.splat(factor);
    const threshold = load<f64>(scores + own) + factor * load<f64>(t.shifts + own) - t.margin;
    let mass: f64 = 0;
    let curvature: f64 = 0;
    for (let pair: u32 = 0; pair < K; pair += 2) {
      const both = (<usize>pair) << 3;
      const moved = f64x2.add(v128.load(scores + both), f64x2.mul(factors, v128.load(t.shifts + both)));
      // Most terms are 0.
      if (!v128.any_true(f64x2.gt(moved, f64x2.splat(threshold)))) continue;
      const last = min(pair + 2, K);
      for (let k = pair; k < last; k++) {
        const at = (<usize>k) << 3;
        const excess = load<f64>(scores + at) + factor * load<f64>(t.shifts + at) - threshold;
        if (k === label || excess <= 0) continue;
        exact += box * excess;
        if (mu === 0) continue;
        const quadratic = excess < mu;
        smoothed += box * (quadratic ? (0.5 * excess * excess) / mu : excess - 0.5 * mu);
        const slope = factor * (quadratic ? (box * excess) / mu : box);
        mass += slope;
        store<f64>(gradient + at, load<f64>(gradient + at) + slope);
        if (!quadratic) continue;
        const c = (factor * factor * box) / mu;
        curvature += c;
        addTo(hessian, k * t.stride + k, c);
        addTo(hessian, k * t.stride + label, -c);
        addTo(hessian, label * t.stride + k, -c);
      }
    }
    store<f64>(gradient + own, load<f64>(gradient + own) - mass);
    addTo(hessian, label * t.stride + label, curvature);
  }
  store<f64>(out, exact);
  store<f64>(out, smoothed, 8);
}

function addTo(array: usize, index: u32, x: f64): void {
  const at = array + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + x);
}

/** Enough for the intercepts: exact loss, smoothed loss, gradient (stride), Hessian (stride × stride). */
function partialBytes(t: HingeDualTask): usize {
  return (2 + <usize>t.stride + <usize>t.stride * <usize>t.stride) << 3;
}

function partialsOf(t: HingeDualTask, shard: u32): usize {
  return t.partials + <usize>shard * partialBytes(t);
}

function firstRow(t: HingeDualTask, shard: u32): u32 {
  return <u32>((<u64>t.nSamples * shard) / t.nShards);
}

function lastRow(t: HingeDualTask, shard: u32): u32 {
  return firstRow(t, shard + 1);
}

function scoresOf(t: HingeDualTask, i: u32): usize {
  return t.scores + ((<usize>i * <usize>t.stride) << 3);
}
