import type { Metrics } from '../report/metrics.ts';
import { formatCount, formatNumber, formatPercent, formatTable } from './format.ts';
import type { Style } from './style.ts';

/** A wider confusion matrix is no longer read; `--json` has it whole. */
const LARGEST_MATRIX = 12;
/** Longer class names are cut in tables. */
const NAME_WIDTH = 20;

/** What a person reads of an evaluation. */
export function evaluateText(metrics: Metrics, style: Style): string {
  const sections = [summary(metrics, style), `${style.dim('by class')}\n${byClass(metrics)}`];
  if (metrics.perClass.length <= LARGEST_MATRIX) {
    sections.push(`${style.dim('true classes down, predicted across')}\n${confusion(metrics)}`);
  } else {
    sections.push(
      style.dim(
        `the ${metrics.perClass.length} × ${metrics.perClass.length} confusion matrix is part of --json`,
      ),
    );
  }
  return `${sections.join('\n\n')}\n`;
}

function summary(metrics: Metrics, style: Style): string {
  const lines: [string, string][] = [
    ['rows', formatCount(metrics.rows)],
    [
      'accuracy',
      `${style.bold(formatPercent(metrics.accuracy))}  (always naming the most frequent class: ${formatPercent(metrics.majorityAccuracy)})`,
    ],
    ['balanced', `${formatPercent(metrics.balancedAccuracy)}  (mean recall of the classes)`],
    ['macro F1', formatPercent(metrics.macroF1)],
  ];
  if (metrics.logLoss !== null) lines.push(['log loss', formatNumber(metrics.logLoss)]);
  if (metrics.hingeLoss !== null) lines.push(['hinge', formatNumber(metrics.hingeLoss)]);
  return lines.map(([label, text]) => style.dim(label.padEnd(10)) + text).join('\n');
}

function byClass({ perClass }: Metrics): string {
  const rows = perClass.map(({ label, support, precision, recall, f1 }) => [
    shortName(label),
    formatCount(support),
    share(precision),
    share(recall),
    share(f1),
  ]);
  return formatTable([['class', 'rows', 'precision', 'recall', 'F1'], ...rows]);
}

function confusion({ perClass, confusion: matrix }: Metrics): string {
  const names = perClass.map(({ label }) => shortName(label));
  return formatTable([['', ...names], ...matrix.map((row, k) => [names[k], ...row.map(formatCount)])]);
}

function share(value: number | null): string {
  return value === null ? '–' : formatPercent(value);
}

function shortName(label: unknown): string {
  const name = String(label);
  return name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 1)}…`;
}
