import { spread, table } from './format.js';

/** Paths as Markdown: every run with its worst λ, and the fastest one that is right at every λ against glmnet. */
export function pathTable(results) {
  const rows = results.flatMap((result) => {
    const glmnet = result.lines.filter(({ program }) => program === 'glmnet');
    return result.lines.map((line) => {
      const peer = glmnet[0];
      const isAnswer = line.program === 'softmargin' && line.worst <= result.epsilon;
      const ratio = isAnswer && peer ? `${(peer.seconds / line.seconds).toFixed(1)} ×` : '';
      const setting = Object.entries(line.settings).map(
        ([name, value]) => `${name} ${value.toExponential(0)}`,
      );
      const worst =
        line.worst === Infinity
          ? `stopped at λ ${line.done} of ${result.lambdas.length}`
          : line.worst.toExponential(1);
      return [result.name, `${line.program}, ${setting}`, spread(line), worst, ratio];
    });
  });
  const aims = [...new Set(results.map(({ aim }) => aim))].join(', ');
  const head = ['case', 'program', 'whole path', 'worst λ', 'against glmnet at its defaults'];
  return `## Paths of 100 λ

Each λ is judged by the best objective that any of these runs found for it. The aim: at most 1e-5 at every λ, ${aims} × as
fast as glmnet. softmargin's last line, the tightest, is there to know the optimum.

${table(head, rows)}`;
}
