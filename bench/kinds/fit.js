// One fit: seconds from data in memory to an error of ε, by softmargin and by everyone who minimizes the same.
import { readShape } from '../case-folder.js';
import { fitPeers, softmargin } from '../programs.js';
import { runProgram } from '../run-program.js';
import { bestObjective, mergeRepeats, timesTo, withErrors } from '../statistics.js';

/** `limits` holds for each peer that did not fail what `limitOf` says of it. */
export async function measure(benchCase, { folder, peers, options }) {
  const { problem, epsilon, labels } = benchCase;
  const certified = problem.loss === 'hinge';
  const shape = readShape(folder);
  const request = { folder, labels, problem, epsilon, repeats: options.repeats, seconds: options.seconds };
  const { lines } = await runProgram(softmargin('ours.js'), {
    ...request,
    reference: null,
    ours: null,
    threads: true,
    solvers: options.solvers,
  });
  const reached = () =>
    timesTo(withErrors(mergeRepeats(lines), bestObjective(lines), { certified }), epsilon);
  const ours = reached().get('softmargin')?.seconds ?? null;
  const limits = {};
  for (const peer of fitPeers(peers, { problem, shape, labels })) {
    const fastest = fastestPeer([...reached().values()]);
    const seconds = timeLimit({
      ours,
      fastest: fastest?.seconds ?? null,
      chased: peer.chased,
      most: options.seconds,
      patience: options.patience,
    });
    const reference = bestObjective(lines);
    const outcome = await runProgram(peer, { ...request, seconds, reference, ours });
    const limit = limitOf(outcome, seconds);
    if (limit !== undefined) limits[peer.name] = limit;
    lines.push(...outcome.lines);
  }
  const merged = mergeRepeats(lines);
  const best = bestObjective(merged);
  const judged = withErrors(merged, best, { certified });
  return { ...benchCase, shape, best, limits, lines: judged, times: [...timesTo(judged, epsilon).values()] };
}

/**
 * The seconds after which a peer was given up: none of the settings that its ladder came to is enough in less. Null where
 * no run took that long: it reached ε, or none of its settings does. Undefined where it failed, which tells nothing.
 */
export function limitOf({ lines, isStopped, hasFailed }, seconds) {
  if (isStopped || lines.some((line) => line.seconds >= seconds)) return seconds;
  return hasFailed ? undefined : null;
}

/** Softmargin's runs beside the default settings: a fixed number of threads, a named algorithm. */
export function isOurs({ program }) {
  return program.startsWith('softmargin');
}

export function fastestPeer(times) {
  return times.filter((time) => !isOurs(time)).sort((a, b) => a.seconds - b.seconds)[0];
}

/**
 * How long one run of a peer may take: `patience` times softmargin's time, who is to be left behind by 20 times 22
 * times; once a peer is there, the others get half as long again.
 */
export function timeLimit({ ours, fastest, chased = false, most, patience }) {
  const least = 3;
  const waiting = ours === null ? most : Math.max(least, (chased ? 22 : patience) * ours);
  const race = fastest === null || chased ? most : Math.max(least, 1.5 * fastest);
  return Math.min(most, waiting, race);
}
