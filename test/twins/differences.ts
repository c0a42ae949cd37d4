/** ∂f/∂x by fourth-order central differences; exact for cubic f up to rounding. */
export function numericalGradient(
  f: (x: Float64Array) => number,
  at: ArrayLike<number>,
  step = 1e-3,
): Float64Array {
  const x = Float64Array.from(at);
  return x.map((center, k) => {
    const value = (offset: number) => {
      x[k] = center + offset * step;
      const result = f(x);
      x[k] = center;
      return result;
    };
    return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step);
  });
}

/** The distance of two numbers in units of the last place, 0 for equal ones. */
export function ulps(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.POSITIVE_INFINITY;
  const distance = orderedBits(a) - orderedBits(b);
  return Number(distance < 0n ? -distance : distance);
}

/** An integer that ascends with x and by 1 from one double to the next. */
function orderedBits(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}
