// What the kernels do, as plain loops in double-precision JavaScript: the yardstick of the short form.

/**
 * Softmax loss and its gradient at θ (d + 1 rows of `stride` ≥ K, b last) on dense rows, `rowStride` apart.
 * Writes the gradient and returns the mean loss.
 */
export function plainDensePass({ values, rowStride, y, n, d, K, stride }, theta, gradient) {
  gradient.fill(0);
  const u = new Float64Array(K);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < K; k++) u[k] = theta[d * stride + k];
    for (let j = 0; j < d; j++) {
      const x = values[i * rowStride + j];
      for (let k = 0; k < K; k++) u[k] += x * theta[j * stride + k];
    }
    loss += residuals(u, y[i], n);
    for (let k = 0; k < K; k++) gradient[d * stride + k] += u[k];
    for (let j = 0; j < d; j++) {
      const x = values[i * rowStride + j];
      for (let k = 0; k < K; k++) gradient[j * stride + k] += x * u[k];
    }
  }
  return loss / n;
}

/** The same on compressed sparse rows. */
export function plainSparsePass({ indptr, indices, values, y, n, d, K, stride }, theta, gradient) {
  gradient.fill(0);
  const u = new Float64Array(K);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < K; k++) u[k] = theta[d * stride + k];
    for (let e = indptr[i]; e < indptr[i + 1]; e++) {
      const at = indices[e] * stride;
      for (let k = 0; k < K; k++) u[k] += values[e] * theta[at + k];
    }
    loss += residuals(u, y[i], n);
    for (let k = 0; k < K; k++) gradient[d * stride + k] += u[k];
    for (let e = indptr[i]; e < indptr[i + 1]; e++) {
      const at = indices[e] * stride;
      for (let k = 0; k < K; k++) gradient[at + k] += values[e] * u[k];
    }
  }
  return loss / n;
}

/** Turns scores into (softmax − one-hot) / n in place; returns the row's loss. */
function residuals(u, y, n) {
  let top = -Infinity;
  for (const score of u) if (score > top) top = score;
  const own = u[y];
  let sum = 0;
  for (let k = 0; k < u.length; k++) {
    u[k] = Math.exp(u[k] - top);
    sum += u[k];
  }
  for (let k = 0; k < u.length; k++) u[k] /= sum * n;
  u[y] -= 1 / n;
  return Math.log(sum) + top - own;
}
