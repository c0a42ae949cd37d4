/** gather with rows and sums in double: |error| ≤ (count + 1) · 2⁻⁵³ · Σ |products|. */
export function gatherDouble(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  out: usize,
): void {
  let tile: usize = 0;
  for (; tile + 96 <= rowBytes; tile += 96)
    gatherDouble6(indices, values, count, rows + tile, rowBytes, out + tile);
  for (; tile < rowBytes; tile += 32)
    gatherDouble2(indices, values, count, rows + tile, rowBytes, out + tile);
}

function gatherDouble6(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  out: usize,
): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let a2 = v128.load(out, 32);
  let a3 = v128.load(out, 48);
  let a4 = v128.load(out, 64);
  let a5 = v128.load(out, 80);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = f64x2.splat(<f64>load<f32>(values));
    a0 = f64x2.add(a0, f64x2.mul(x, v128.load(row)));
    a1 = f64x2.add(a1, f64x2.mul(x, v128.load(row, 16)));
    a2 = f64x2.add(a2, f64x2.mul(x, v128.load(row, 32)));
    a3 = f64x2.add(a3, f64x2.mul(x, v128.load(row, 48)));
    a4 = f64x2.add(a4, f64x2.mul(x, v128.load(row, 64)));
    a5 = f64x2.add(a5, f64x2.mul(x, v128.load(row, 80)));
    indices += 4;
    values += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out, a4, 64);
  v128.store(out, a5, 80);
}

function gatherDouble2(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  out: usize,
): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = f64x2.splat(<f64>load<f32>(values));
    a0 = f64x2.add(a0, f64x2.mul(x, v128.load(row)));
    a1 = f64x2.add(a1, f64x2.mul(x, v128.load(row, 16)));
    indices += 4;
    values += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
}
