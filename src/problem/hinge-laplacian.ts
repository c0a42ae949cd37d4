/**
 * Potentials φ with Lφ = s, where L is the Laplacian of the graph on nClasses nodes whose edge (j, k) weighs
 * flow[j · stride + k] + flow[k · stride + j]. Where L is singular beyond the constant vector (parts without
 * an edge between them) the solution is regularized and large: whoever uses it clips. null without any edge.
 */
export function solveLaplacian(
  flow: Float64Array,
  stride: number,
  nClasses: number,
  s: Float64Array,
): Float64Array | null {
  const K = nClasses;
  const L = new Float64Array(K * K);
  let largest = 0;
  for (let j = 0; j < K; j++) {
    let degree = 0;
    for (let k = 0; k < K; k++) {
      if (k === j) continue;
      const weight = flow[j * stride + k] + flow[k * stride + j];
      L[j * K + k] = -weight;
      degree += weight;
    }
    L[j * K + j] = degree;
    largest = Math.max(largest, degree);
  }
  if (largest === 0) return null;
  // The constant vector is made regular by the all-ones matrix; s is orthogonal to it, so φ stays exact.
  for (let j = 0; j < K; j++) {
    for (let k = 0; k < K; k++) L[j * K + k] += largest / K;
    L[j * K + j] += 1e-13 * largest;
  }
  return solvePositiveDefinite(L, Float64Array.from(s.subarray(0, K)));
}

/** x with A x = y by Cholesky; A is overwritten. */
function solvePositiveDefinite(A: Float64Array, y: Float64Array): Float64Array {
  const n = y.length;
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = A[i * n + j];
      for (let k = 0; k < j; k++) sum -= A[i * n + k] * A[j * n + k];
      if (i === j) A[j * n + j] = Math.sqrt(Math.max(sum, Number.MIN_VALUE));
      else A[i * n + j] = sum / A[j * n + j];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) y[i] -= A[i * n + k] * y[k];
    y[i] /= A[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) y[i] -= A[k * n + i] * y[k];
    y[i] /= A[i * n + i];
  }
  return y;
}
