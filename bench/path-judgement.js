/**
 * Lines with their worst error over the λs, each against the best that any line has there; a path that ended early is
 * infinitely wrong.
 */
export function judgePath(lines, nLambdas) {
  const best = Array.from({ length: nLambdas }, (_, i) =>
    Math.min(...lines.map(({ objectives }) => objectives[i] ?? Infinity)),
  );
  return lines.map(({ objectives, lambdas, ...line }) => {
    const errors = best.map((value, i) => ((objectives[i] ?? Infinity) - value) / value);
    return { ...line, worst: Math.max(...errors), done: objectives.length };
  });
}
