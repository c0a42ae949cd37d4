// A class's block over mixed rows (mixed-layout.ts): the columns packed side by side are summed as those of dense rows, to
// these sums come those of the columns apart, by their entries. Columns stand in the order of the layout.

import { ClassBlocksTask, listOf, rowBytesOf } from './class-blocks-task';
import { gradientBytes } from './class-gradient';
import { addToDouble } from './dense-gradient';
import { MixedRows } from './mixed-layout';

/** B, the sums of the packed columns and the intercept behind them ← those of all columns, the intercept's the last. */
export function addColumnsApart(t: ClassBlocksTask, m: MixedRows, k: u32, B: usize): void {
  const gBytes = gradientBytes(rowBytesOf(m.nFeatures + 1));
  moveIntercept(m, B, gBytes);
  addEntries(t, m, k, B, gBytes);
  addBases(m, B, gBytes);
}

/** The intercept's sums from behind the packed columns to the end; zeros where those of the others come. */
function moveIntercept(m: MixedRows, B: usize, gBytes: usize): void {
  const nDense = m.nDense;
  const from = B + nDense * gBytes;
  const to = B + m.nFeatures * gBytes;
  const whole = load<f64>(from + (nDense << 3));
  memory.copy(to, from, nDense << 3);
  memory.fill(to + (nDense << 3), 0, gBytes - (nDense << 3));
  store<f64>(to + (m.nFeatures << 3), whole);
  memory.fill(from, 0, to - from);
}

/** Adds the products of the list's entries with all that is in their rows. */
function addEntries(t: ClassBlocksTask, m: MixedRows, k: u32, B: usize, gBytes: usize): void {
  const rowBytes: usize = m.nDense << 2;
  const intercept = B + m.nFeatures * gBytes + (m.nDense << 3);
  const list = listOf(t, k);
  const end = list + (load<u32>(t.counts + (k << 2)) << 3);
  for (let pair = list; pair < end; pair += 8) {
    const row = load<u32>(pair);
    const weight = load<f32>(pair, 4);
    const first = load<u32>(m.starts + (row << 2));
    const last = load<u32>(m.starts + ((row + 1) << 2));
    for (let e = first; e < last; e++) {
      const column: usize = load<u16>(m.indices + (e << 1));
      const value = weight * load<f32>(m.entries + (e << 2));
      const factor = f32x4.splat(value);
      const x = m.values + row * (m.rowStride << 2);
      const b = B + (m.nDense + column) * gBytes;
      for (let j: usize = 0; j < rowBytes; j += 16)
        addToDouble(b + 2 * j, f32x4.mul(factor, v128.load(x + j)));
      for (let other = first; other <= e; other++) {
        const place = b + ((m.nDense + <usize>load<u16>(m.indices + (other << 1))) << 3);
        add(place, <f64>value * <f64>load<f32>(m.entries + (other << 2)));
      }
      add(intercept + (column << 3), <f64>value);
    }
  }
}

/** The sums of entries x − c ← those of x. */
function addBases(m: MixedRows, B: usize, gBytes: usize): void {
  const intercept = B + m.nFeatures * gBytes;
  const whole = load<f64>(intercept + (m.nFeatures << 3));
  for (let q = m.nDense; q < m.nFeatures; q++) {
    const base = baseOf(m, q);
    const b = B + q * gBytes;
    for (let j: u32 = 0; j < m.nDense; j++) add(b + (j << 3), base * load<f64>(intercept + (j << 3)));
    const own = load<f64>(intercept + (q << 3));
    for (let j = m.nDense; j <= q; j++) {
      const other = baseOf(m, j);
      add(b + (j << 3), base * load<f64>(intercept + (j << 3)) + other * (own + base * whole));
    }
  }
  for (let q = m.nDense; q < m.nFeatures; q++) add(intercept + (q << 3), baseOf(m, q) * whole);
}

function baseOf(m: MixedRows, q: u32): f64 {
  return load<f32>(m.base + (load<u32>(m.order + (q << 2)) << 2));
}

function add(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}
