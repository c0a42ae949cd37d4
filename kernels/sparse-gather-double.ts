/**
 * gather with rows and sums in double: |error| ≤ (count + 1) · 2⁻⁵³ · Σ |products|. Rows are read whole, four at a time:
 * they come from far away, and the sums stay in the first-level cache. The terms are added in their order.
 */
export function gatherDouble(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  out: usize,
): void {
  const end = indices + (count << 2);
  for (; indices + 16 <= end; indices += 16, values += 16) {
    addFour(
      rows + load<u32>(indices) * rowBytes,
      rows + load<u32>(indices, 4) * rowBytes,
      rows + load<u32>(indices, 8) * rowBytes,
      rows + load<u32>(indices, 12) * rowBytes,
      values,
      rowBytes,
      out,
    );
  }
  for (; indices < end; indices += 4, values += 4) {
    addOne(rows + load<u32>(indices) * rowBytes, <f64>load<f32>(values), rowBytes, out);
  }
}

function addFour(
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  values: usize,
  rowBytes: usize,
  out: usize,
): void {
  const x0 = f64x2.splat(<f64>load<f32>(values));
  const x1 = f64x2.splat(<f64>load<f32>(values, 4));
  const x2 = f64x2.splat(<f64>load<f32>(values, 8));
  const x3 = f64x2.splat(<f64>load<f32>(values, 12));
  for (let k: usize = 0; k < rowBytes; k += 32) {
    let a0 = v128.load(out + k);
    let a1 = v128.load(out + k, 16);
    a0 = f64x2.add(a0, f64x2.mul(x0, v128.load(row0 + k)));
    a1 = f64x2.add(a1, f64x2.mul(x0, v128.load(row0 + k, 16)));
    a0 = f64x2.add(a0, f64x2.mul(x1, v128.load(row1 + k)));
    a1 = f64x2.add(a1, f64x2.mul(x1, v128.load(row1 + k, 16)));
    a0 = f64x2.add(a0, f64x2.mul(x2, v128.load(row2 + k)));
    a1 = f64x2.add(a1, f64x2.mul(x2, v128.load(row2 + k, 16)));
    a0 = f64x2.add(a0, f64x2.mul(x3, v128.load(row3 + k)));
    a1 = f64x2.add(a1, f64x2.mul(x3, v128.load(row3 + k, 16)));
    v128.store(out + k, a0);
    v128.store(out + k, a1, 16);
  }
}

function addOne(row: usize, value: f64, rowBytes: usize, out: usize): void {
  const x = f64x2.splat(value);
  for (let k: usize = 0; k < rowBytes; k += 32) {
    v128.store(out + k, f64x2.add(v128.load(out + k), f64x2.mul(x, v128.load(row + k))));
    v128.store(out + k, f64x2.add(v128.load(out + k, 16), f64x2.mul(x, v128.load(row + k, 16))), 16);
  }
}
