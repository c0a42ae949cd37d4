/**
 * A program's tighter and tighter settings on one case, each timed once, until one reaches the request's ε or takes
 * longer than its limit; then the fastest that did is repeated in the same process. Each run prints one line.
 * peers/exchange.py and peers/exchange.R do the same.
 *
 * `run(setting)` is timed; `describe(result)` is not, and gives the line's `objective` and whatever else.
 */
export async function climb(program, settings, request, run, describe) {
  const reached = [];
  const once = async (setting) => {
    const begin = performance.now();
    const result = await run(setting);
    const seconds = (performance.now() - begin) / 1000;
    const line = { program, settings: setting, seconds, ...describe(result) };
    report(line);
    return line;
  };
  for (const setting of settings) {
    const line = await once(setting);
    if (isReached(line, request)) {
      reached.push(line);
      if (request.reference !== null) break;
    }
    if (line.seconds > request.seconds) break;
  }
  const fastest = reached.sort((a, b) => a.seconds - b.seconds)[0];
  if (fastest === undefined) return null;
  for (let i = 1; i < repeatsOf(fastest, request); i++) await once(fastest.settings);
  return fastest;
}

/** One line of the harness's protocol. */
export function report(line) {
  console.log(JSON.stringify(line));
}

function isReached(line, { reference, epsilon }) {
  if (reference === null) return line.relativeGap !== null && line.relativeGap <= epsilon;
  return (line.objective - reference) / Math.abs(reference) <= epsilon;
}

/** Who takes more than 10 seconds, or 20 times as long as softmargin did, is not timed again. */
export function repeatsOf({ seconds }, { repeats, ours }) {
  return ours !== null && seconds > Math.min(10, 20 * ours) ? 1 : repeats;
}
