/** Names whose speed fell below the expected one by more than the factor `tolerance`, or is expected nowhere. */
export function regressions(measured, expected, tolerance) {
  return Object.entries(measured)
    .filter(([name, speed]) => !(speed * tolerance >= expected[name]))
    .map(([name]) => name);
}
