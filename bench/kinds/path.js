// A path of λs: glmnet's own sequence, then softmargin's fitPath at the same λs. Each λ is judged by the best objective
// that any run found for it; a path is as good as its worst λ.
import { readShape } from '../case-folder.js';
import { judgePath } from '../path-judgement.js';
import { pathPeers, softmargin } from '../programs.js';
import { runProgram } from '../run-program.js';
import { mergeRepeats } from '../statistics.js';

/** Where glmnet is missing: from 0.3 down by a factor of 10⁴ in 100 steps, a sequence like its own. */
const FALLBACK = Array.from({ length: 100 }, (_, i) => 0.3 * 10 ** ((-4 * i) / 99));

export async function measure(benchCase, { folder, peers, options }) {
  const { alpha, labels } = benchCase;
  const request = { folder, labels, alpha, repeats: options.repeats, seconds: options.seconds };
  const lines = [];
  for (const peer of pathPeers(peers)) {
    // Its default of 1e-7 leaves some λs 1e-4 off and more; the tighter one is its best where time allows.
    lines.push(...(await runProgram(peer, { ...request, thresholds: [1e-7, 1e-9] })).lines);
  }
  const lambdas = lines[0]?.lambdas ?? FALLBACK;
  // The last, tighter run is there to know the optimum.
  for (const [tolerances, repeats] of [
    [[1e-2, 1e-3, 1e-4, 1e-5], options.repeats],
    [[1e-6], 1],
  ]) {
    const ours = { ...request, lambdas, tolerances, repeats };
    lines.push(...(await runProgram(softmargin('ours-path.js'), ours)).lines);
  }
  const judged = judgePath(mergeRepeats(lines), lambdas.length);
  return { ...benchCase, shape: readShape(folder), lambdas, lines: judged };
}
