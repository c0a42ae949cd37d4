/** A pivot below this part of its diagonal entry is rounding: its unknown stays where it is. */
const SINGULAR = 1e-14;
const INFINITE_PIVOT = 1e100;

/** The lower triangle of a symmetric positive semidefinite A (n × n, row-major) becomes its Cholesky factor. */
export function factorize(A: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const diagonal = A[row + i];
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = A[row + j];
      for (let k = 0; k < j; k++) sum -= A[row + k] * A[other + k];
      if (j < i) A[row + j] = sum / A[other + j];
      else A[row + i] = sum > SINGULAR * diagonal ? Math.sqrt(sum) : INFINITE_PIVOT;
    }
  }
}

/** x ← (L Lᵀ)⁻¹ x */
export function solveFactorized(L: Float64Array, n: number, x: Float64Array, work: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= L[i * n + k] * work[k];
    work[i] = sum / L[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = work[i] / L[i * n + i];
    x[i] = value;
    for (let k = 0; k < i; k++) work[k] -= L[i * n + k] * value;
  }
}
