/**
 * A program's tighter and tighter settings on one case, each timed once, until one reaches the request's ε or takes
 * longer than its limit; then it is repeated in the same process. Without a reference all settings run, and the loosest
 * whose error is at most ε, against the best objective of a run with a certified gap of at most ε, is repeated: single runs
 * get faster while code is compiled, whatever their setting. Each run prints one line. peers/exchange.py climbs to a
 * reference likewise, tries one more setting before the one that reached it and repeats the faster of both; it and
 * peers/exchange.R repeat by the same rule.
 *
 * `run(setting)` is timed; `describe(result)` is not, and gives the line's `objective` and whatever else.
 */
export async function climb(program, settings, request, run, describe) {
  const lines = [];
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
    lines.push(line);
    if (request.reference !== null && errorOf(line, request.reference) <= request.epsilon) break;
    if (line.seconds > request.seconds) break;
  }
  const loosest = loosestReached(lines, request);
  if (loosest === undefined) return null;
  await repeat(loosest.seconds, request, async () => (await once(loosest.settings)).seconds);
  return loosest;
}

/** One line of the harness's protocol. */
export function report(line) {
  console.log(JSON.stringify(line));
}

/** Hinges are judged by their certified gap alone. */
function loosestReached(lines, { reference, epsilon, problem }) {
  if (reference !== null) return lines.find((line) => errorOf(line, reference) <= epsilon);
  const certified = lines.filter(({ relativeGap }) => relativeGap !== null && relativeGap <= epsilon);
  if (certified.length === 0 || problem.loss === 'hinge') return certified[0];
  const best = Math.min(...certified.map(({ objective }) => objective));
  return lines.find((line) => errorOf(line, best) <= epsilon);
}

function errorOf({ objective }, reference) {
  return (objective - reference) / Math.abs(reference);
}

/** After a run of `first` seconds calls `once`, which gives a run's seconds, as often as `isRunAgain` asks. */
export async function repeat(first, request, once) {
  const seconds = [first];
  while (isRunAgain(seconds, request)) seconds.push(await once());
}

/**
 * Whether a setting that took `seconds`, one for each run, runs once more: at least `repeats` times, and until its runs
 * fill a second, but not more than 1000 times for that; once, where it took more than 10 seconds or 20 times as long as
 * softmargin did.
 */
export function isRunAgain(seconds, { repeats, ours = null }) {
  if (ours !== null && seconds[0] > Math.min(10, 20 * ours)) return false;
  if (seconds.length < repeats) return true;
  return seconds.length < 1000 && seconds.reduce((sum, s) => sum + s, 0) < 1;
}
