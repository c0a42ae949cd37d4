// Which features' columns a lasso's working set takes: those with a weight, and others where the gradient is largest.

import { select } from './select-ranks';

/**
 * peaks (f64, nFeatures) ← the greatest |gradient| of each feature's classes, or infinity where one of its weights is not
 * 0; theta and gradient f64, nFeatures × stride.
 */
export function featurePeaks(theta: usize, gradient: usize, nFeatures: u32, stride: u32, peaks: usize): void {
  for (let j: u32 = 0; j < nFeatures; j++) {
    let peak: f64 = 0;
    for (let k: u32 = 0; k < stride; k++) {
      peak = load<f64>(theta) === 0 ? max(peak, abs(load<f64>(gradient))) : Infinity;
      theta += 8;
      gradient += 8;
    }
    store<f64>(peaks + (j << 3), peak);
  }
}

/**
 * out (u32, nFeatures at most) ← ascending, the features of infinite peak, and of the others above `bound` the highest,
 * as many as these or `fewest`, of equal ones all. Tells how many. Scratch: f64, nFeatures.
 */
export function chooseFeatures(
  peaks: usize,
  nFeatures: u32,
  bound: f64,
  fewest: u32,
  scratch: usize,
  out: usize,
): u32 {
  let infinite: u32 = 0;
  let others: u32 = 0;
  for (let j: u32 = 0; j < nFeatures; j++) {
    const peak = load<f64>(peaks + (j << 3));
    if (peak === Infinity) infinite++;
    else if (peak > bound) store<f64>(scratch + (others++ << 3), peak);
  }
  const room = max(fewest, infinite);
  const least = others > room ? select<f64>(scratch, 0, others - 1, others - room) : bound;
  let count: u32 = 0;
  for (let j: u32 = 0; j < nFeatures; j++) {
    const peak = load<f64>(peaks + (j << 3));
    if (peak > bound && peak >= least) store<u32>(out + (count++ << 2), j);
  }
  return count;
}
