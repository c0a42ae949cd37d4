/**
 * The λs of a path, from the least at which W = 0 down to `ratio` times it, at even distances of their logarithms
 * (glmnet's default: 100, and a ratio of 1e-4, or 1e-2 with fewer samples than features).
 */
export function pathLambdas(largest: number, ratio: number, count: number): Float64Array {
  // The count-th root by bisection and repeated products: plain arithmetic, the same bits everywhere.
  let low = ratio;
  let high = 1;
  for (let round = 0; round < 80; round++) {
    const middle = (low + high) / 2;
    let power = 1;
    for (let i = 1; i < count; i++) power *= middle;
    if (power < ratio) low = middle;
    else high = middle;
  }
  const lambdas = new Float64Array(count);
  let lambda = largest;
  for (let i = 0; i < count; i++, lambda *= high) lambdas[i] = lambda;
  return lambdas;
}
