/**
 * The transpose of gather: rows[indices[t]] ← rows[indices[t]] + values[t] · step, vectors of `rowBytes`, for indices
 * that are all different.
 */
export function scatter(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  step: usize,
): void {
  let tile: usize = 0;
  for (; tile + 112 <= rowBytes; tile += 112)
    scatter7(indices, values, count, rows + tile, rowBytes, step + tile);
  if (tile + 64 <= rowBytes) {
    scatter4(indices, values, count, rows + tile, rowBytes, step + tile);
    tile += 64;
  }
  for (; tile < rowBytes; tile += 16) scatter1(indices, values, count, rows + tile, rowBytes, step + tile);
}

function scatter7(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  step: usize,
): void {
  const d0 = v128.load(step);
  const d1 = v128.load(step, 16);
  const d2 = v128.load(step, 32);
  const d3 = v128.load(step, 48);
  const d4 = v128.load(step, 64);
  const d5 = v128.load(step, 80);
  const d6 = v128.load(step, 96);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(x, d0)));
    v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(x, d1)), 16);
    v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(x, d2)), 32);
    v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(x, d3)), 48);
    v128.store(row, f32x4.add(v128.load(row, 64), f32x4.mul(x, d4)), 64);
    v128.store(row, f32x4.add(v128.load(row, 80), f32x4.mul(x, d5)), 80);
    v128.store(row, f32x4.add(v128.load(row, 96), f32x4.mul(x, d6)), 96);
    indices += 4;
    values += 4;
  }
}

function scatter4(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  step: usize,
): void {
  const d0 = v128.load(step);
  const d1 = v128.load(step, 16);
  const d2 = v128.load(step, 32);
  const d3 = v128.load(step, 48);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(x, d0)));
    v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(x, d1)), 16);
    v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(x, d2)), 32);
    v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(x, d3)), 48);
    indices += 4;
    values += 4;
  }
}

function scatter1(
  indices: usize,
  values: usize,
  count: u32,
  rows: usize,
  rowBytes: usize,
  step: usize,
): void {
  const d0 = v128.load(step);
  const end = indices + (count << 2);
  while (indices !== end) {
    const row = rows + load<u32>(indices) * rowBytes;
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(v128.load_splat<u32>(values), d0)));
    indices += 4;
    values += 4;
  }
}
