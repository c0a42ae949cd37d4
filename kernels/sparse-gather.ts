/**
 * Sum of picked rows in single precision: out ← out + Σ_t values[t] · rows[indices[t]], vectors of `rowBytes`.
 *
 * A row's scores are such a sum over W's rows, a feature's gradient over R's. The terms are added in their order:
 * |error| ≤ (count + 1) · 2⁻²⁴ · Σ |products|.
 */
export function gather(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  out: usize,
): void {
  let tile: usize = 0;
  // Seven sums, seven products and a factor are all the registers there are.
  for (; tile + 112 <= rowBytes; tile += 112)
    gather7(indices, values, count, rows + tile, rowBytes, out + tile);
  if (tile + 64 <= rowBytes) {
    gather4(indices, values, count, rows + tile, rowBytes, out + tile);
    tile += 64;
  }
  if (tile + 32 <= rowBytes) {
    gather2(indices, values, count, rows + tile, rowBytes, out + tile);
    tile += 32;
  }
  if (tile < rowBytes) gather1(indices, values, count, rows + tile, rowBytes, out + tile);
}

function gather7(indices: usize, values: usize, count: u32, rows: usize, rowBytes: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let a2 = v128.load(out, 32);
  let a3 = v128.load(out, 48);
  let a4 = v128.load(out, 64);
  let a5 = v128.load(out, 80);
  let a6 = v128.load(out, 96);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row, 16)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(row, 32)));
    a3 = f32x4.add(a3, f32x4.mul(x, v128.load(row, 48)));
    a4 = f32x4.add(a4, f32x4.mul(x, v128.load(row, 64)));
    a5 = f32x4.add(a5, f32x4.mul(x, v128.load(row, 80)));
    a6 = f32x4.add(a6, f32x4.mul(x, v128.load(row, 96)));
    indices += 4;
    values += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out, a4, 64);
  v128.store(out, a5, 80);
  v128.store(out, a6, 96);
}

function gather4(indices: usize, values: usize, count: u32, rows: usize, rowBytes: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let a2 = v128.load(out, 32);
  let a3 = v128.load(out, 48);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row, 16)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(row, 32)));
    a3 = f32x4.add(a3, f32x4.mul(x, v128.load(row, 48)));
    indices += 4;
    values += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
}

function gather2(indices: usize, values: usize, count: u32, rows: usize, rowBytes: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row, 16)));
    indices += 4;
    values += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
}

function gather1(indices: usize, values: usize, count: u32, rows: usize, rowBytes: usize, out: usize): void {
  let a0 = v128.load(out);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
    indices += 4;
    values += 4;
  }
  v128.store(out, a0);
}
