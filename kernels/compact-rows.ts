// Products of compact rows (see compact-layout.ts) with several vectors at once, in single precision. A row is `count`
// columns, u16, and as many values, f32; W, R and G have rows of `rowBytes`, a multiple of 16.

/**
 * out ← from + Σ_t values[t] · W[indices[t]]: a row's scores. Even and odd terms are summed apart, since a sum waits for
 * the one before it: |error| ≤ (count / 2 + 3) · 2⁻²⁴ · Σ |products|.
 */
export function gatherCompact(
  indices: usize,
  values: usize,
  count: u32,
  W: usize,
  rowBytes: usize,
  from: usize,
  out: usize,
): void {
  let tile: usize = 0;
  for (; tile + 48 <= rowBytes; tile += 48) {
    gather3(indices, values, count, W + tile, rowBytes, from + tile, out + tile);
  }
  if (tile + 32 <= rowBytes) gather2(indices, values, count, W + tile, rowBytes, from + tile, out + tile);
  else if (tile < rowBytes) gather1(indices, values, count, W + tile, rowBytes, from + tile, out + tile);
}

/** G[indices[t]] ← G[indices[t]] + values[t] · R for every t: a row's part of the gradient. */
export function scatterCompact(
  indices: usize,
  values: usize,
  count: u32,
  R: usize,
  rowBytes: usize,
  G: usize,
): void {
  let tile: usize = 0;
  for (; tile + 48 <= rowBytes; tile += 48) scatter3(indices, values, count, R + tile, rowBytes, G + tile);
  if (tile + 32 <= rowBytes) scatter2(indices, values, count, R + tile, rowBytes, G + tile);
  else if (tile < rowBytes) scatter1(indices, values, count, R + tile, rowBytes, G + tile);
}

function gather3(
  indices: usize,
  values: usize,
  count: u32,
  W: usize,
  rowBytes: usize,
  from: usize,
  out: usize,
): void {
  let a0 = v128.load(from);
  let a1 = v128.load(from, 16);
  let a2 = v128.load(from, 32);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  const end = values + (count << 2);
  for (; values + 8 <= end; values += 8) {
    let w = W + <usize>load<u16>(indices) * rowBytes;
    let x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(w, 16)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(w, 32)));
    w = W + <usize>load<u16>(indices, 2) * rowBytes;
    x = v128.load_splat<u32>(values, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, v128.load(w)));
    b1 = f32x4.add(b1, f32x4.mul(x, v128.load(w, 16)));
    b2 = f32x4.add(b2, f32x4.mul(x, v128.load(w, 32)));
    indices += 4;
  }
  if (values < end) {
    const w = W + <usize>load<u16>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(w, 16)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(w, 32)));
  }
  v128.store(out, f32x4.add(a0, b0));
  v128.store(out, f32x4.add(a1, b1), 16);
  v128.store(out, f32x4.add(a2, b2), 32);
}

export function scatter3(
  indices: usize,
  values: usize,
  count: u32,
  R: usize,
  rowBytes: usize,
  G: usize,
): void {
  const r0 = v128.load(R);
  const r1 = v128.load(R, 16);
  const r2 = v128.load(R, 32);
  const end = values + (count << 2);
  for (; values < end; values += 4) {
    const g = G + <usize>load<u16>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    v128.store(g, f32x4.add(v128.load(g), f32x4.mul(x, r0)));
    v128.store(g, f32x4.add(v128.load(g, 16), f32x4.mul(x, r1)), 16);
    v128.store(g, f32x4.add(v128.load(g, 32), f32x4.mul(x, r2)), 32);
    indices += 2;
  }
}

function gather2(
  indices: usize,
  values: usize,
  count: u32,
  W: usize,
  rowBytes: usize,
  from: usize,
  out: usize,
): void {
  let a0 = v128.load(from);
  let a1 = v128.load(from, 16);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  const end = values + (count << 2);
  for (; values + 8 <= end; values += 8) {
    let w = W + <usize>load<u16>(indices) * rowBytes;
    let x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(w, 16)));
    w = W + <usize>load<u16>(indices, 2) * rowBytes;
    x = v128.load_splat<u32>(values, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, v128.load(w)));
    b1 = f32x4.add(b1, f32x4.mul(x, v128.load(w, 16)));
    indices += 4;
  }
  if (values < end) {
    const w = W + <usize>load<u16>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(w, 16)));
  }
  v128.store(out, f32x4.add(a0, b0));
  v128.store(out, f32x4.add(a1, b1), 16);
}

export function scatter2(
  indices: usize,
  values: usize,
  count: u32,
  R: usize,
  rowBytes: usize,
  G: usize,
): void {
  const r0 = v128.load(R);
  const r1 = v128.load(R, 16);
  const end = values + (count << 2);
  for (; values < end; values += 4) {
    const g = G + <usize>load<u16>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    v128.store(g, f32x4.add(v128.load(g), f32x4.mul(x, r0)));
    v128.store(g, f32x4.add(v128.load(g, 16), f32x4.mul(x, r1)), 16);
    indices += 2;
  }
}

function gather1(
  indices: usize,
  values: usize,
  count: u32,
  W: usize,
  rowBytes: usize,
  from: usize,
  out: usize,
): void {
  let a0 = v128.load(from);
  let b0 = f32x4.splat(0);
  const end = values + (count << 2);
  for (; values + 8 <= end; values += 8) {
    let w = W + <usize>load<u16>(indices) * rowBytes;
    let x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
    w = W + <usize>load<u16>(indices, 2) * rowBytes;
    x = v128.load_splat<u32>(values, 4);
    b0 = f32x4.add(b0, f32x4.mul(x, v128.load(w)));
    indices += 4;
  }
  if (values < end) {
    const w = W + <usize>load<u16>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
  }
  v128.store(out, f32x4.add(a0, b0));
}

export function scatter1(
  indices: usize,
  values: usize,
  count: u32,
  R: usize,
  rowBytes: usize,
  G: usize,
): void {
  const r0 = v128.load(R);
  const end = values + (count << 2);
  for (; values < end; values += 4) {
    const g = G + <usize>load<u16>(indices) * rowBytes;
    const x = v128.load_splat<u32>(values);
    v128.store(g, f32x4.add(v128.load(g), f32x4.mul(x, r0)));
    indices += 2;
  }
}
