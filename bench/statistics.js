/** The middle of the numbers; of an even count the lower of the two. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

export function geometricMean(numbers) {
  return Math.exp(numbers.reduce((sum, x) => sum + Math.log(x), 0) / numbers.length);
}

/** Repeats of one setting become one line: median seconds, their spread, the worst objective. */
export function mergeRepeats(lines) {
  const groups = groupBy(lines, settingKey);
  return [...groups.values()].map((group) => {
    const seconds = group.map((line) => line.seconds);
    const worst = (name) => largest(group.map((line) => line[name]));
    return {
      ...group[0],
      seconds: median(seconds),
      fastest: Math.min(...seconds),
      slowest: Math.max(...seconds),
      repeats: group.length,
      ...(group[0].objective === undefined ? {} : { objective: worst('objective') }),
      ...(group[0].relativeGap === undefined ? {} : { relativeGap: worst('relativeGap') }),
    };
  });
}

/** Null, for no finite value, is the worst. */
function largest(values) {
  return values.includes(null) ? null : Math.max(...values);
}

function settingKey(line) {
  return `${line.program} ${JSON.stringify(line.settings)}`;
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** The best objective of anyone; null where nobody minimized this one. */
export function bestObjective(lines) {
  const objectives = lines.map((line) => line.objective).filter(Number.isFinite);
  return objectives.length > 0 ? Math.min(...objectives) : null;
}

/**
 * Lines with their relative error. By default (objective − best) / |best|; a hinge is judged by its certified gap;
 * a program with an objective of its own, by the relative distance to the best that it found for that one.
 */
export function withErrors(lines, best, { certified = false } = {}) {
  return lines.map((line) => {
    if (line.ownObjective !== undefined) {
      const own = lines.filter((other) => other.program === line.program).map((other) => other.ownObjective);
      return { ...line, error: relativeTo(Math.min(...own), line.ownObjective) };
    }
    if (certified && line.relativeGap !== undefined)
      return { ...line, error: line.relativeGap ?? Number.NaN };
    return { ...line, error: relativeTo(best, line.objective) };
  });
}

/** NaN, which no ε exceeds, where there is no value. */
function relativeTo(best, value) {
  if (!Number.isFinite(value) || best === null) return Number.NaN;
  return (value - best) / Math.max(Math.abs(best), Number.MIN_VALUE);
}

/** For each program, of its lines with an error of at most ε, the fastest of those that were repeated the most. */
export function timesTo(lines, epsilon) {
  const times = new Map();
  for (const line of lines) {
    if (!(line.error <= epsilon)) continue;
    const known = times.get(line.program);
    if (known === undefined || isPreferred(line, known)) times.set(line.program, line);
  }
  return times;
}

function isPreferred({ seconds, repeats = 1 }, known) {
  const { repeats: most = 1 } = known;
  return repeats > most || (repeats === most && seconds < known.seconds);
}
