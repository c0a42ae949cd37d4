import type { ClassLabel } from '../data/class-labels.ts';
import type { TrainingData } from '../data/training-data.ts';
import type { Classifier } from '../model/classifier.ts';
import type { ProblemDescription } from '../model/problem-description.ts';
import type { Metrics } from '../report/metrics.ts';
import type { Status } from '../solvers/solver.ts';
import {
  countOf,
  formatGap,
  formatNames,
  formatNumber,
  formatObjective,
  formatPercent,
  formatSeconds,
} from './format.ts';
import type { Style } from './style.ts';
import { visibleText } from './visible-text.ts';

export interface SplitMetrics {
  readonly rows: number;
  readonly accuracy: number;
  /** null for the hinge, which has no probabilities. */
  readonly logLoss: number | null;
}

/** What `train --json` prints. Other programs rely on these keys. */
export interface TrainReport {
  readonly schemaVersion: 1;
  readonly data: {
    readonly rows: number;
    readonly features: number;
    readonly nonzeros: number;
    readonly classes: readonly ClassLabel[];
  };
  readonly problem: ProblemDescription;
  readonly solution: {
    readonly status: Status;
    readonly solver: string;
    readonly objective: number;
    readonly lowerBound: number | null;
    readonly relativeGap: number | null;
    readonly stationarity: number;
    readonly iterations: number;
    readonly passes: number;
    readonly nonzeroWeights: number;
    /** Only with status separable: the classes that separate from all others. */
    readonly separatedClasses?: readonly ClassLabel[];
  };
  readonly seconds: { readonly load: number; readonly fit: number; readonly total: number };
  readonly metrics: { readonly train: SplitMetrics; readonly test: SplitMetrics | null };
  readonly model: string;
  readonly warnings: readonly string[];
}

/** What came of a training. */
export interface Trained {
  readonly model: Classifier;
  readonly training: TrainingData;
  readonly metrics: { readonly train: Metrics; readonly test: Metrics | null };
  readonly seconds: { readonly load: number; readonly fit: number };
  readonly warnings: readonly string[];
}

/** A training as `train --json` reports it; `out` is where the model was written. */
export function trainReport(
  { model, training, metrics, seconds, warnings }: Trained,
  out: string,
): TrainReport {
  const { matrix, classes, heldOut } = training;
  const { status, solver, objective, stationarity, iterations, passes, certificate } = model;
  return {
    schemaVersion: 1,
    data: {
      rows: matrix.nSamples + (heldOut?.nSamples ?? 0),
      features: matrix.nFeatures,
      nonzeros: matrix.kind === 'sparse' ? matrix.nonzeros : matrix.nSamples * matrix.nFeatures,
      classes,
    },
    problem: model.problem,
    solution: {
      status,
      solver,
      objective,
      lowerBound: certificate?.lowerBound ?? null,
      relativeGap: certificate?.relativeGap ?? null,
      stationarity,
      iterations,
      passes,
      nonzeroWeights: model.weights.reduce((count, weight) => count + (weight === 0 ? 0 : 1), 0),
      ...(status === 'separable' ? { separatedClasses: model.separatedClasses } : {}),
    },
    // The clock starts with the process, so that the total is what the user waited for.
    seconds: { ...seconds, total: performance.now() / 1000 },
    metrics: {
      train: splitMetrics(metrics.train),
      test: metrics.test === null ? null : splitMetrics(metrics.test),
    },
    model: out,
    warnings,
  };
}

function splitMetrics({ rows, accuracy, logLoss }: Metrics): SplitMetrics {
  return { rows, accuracy, logLoss };
}

/** The same for a person: what was learned from, what was solved, how sure that is, how good the model is. */
export function trainText(report: TrainReport, tolerance: number | null, style: Style): string {
  const { data, solution, metrics, seconds } = report;
  const shape = `${countOf(data.rows, 'row')} × ${countOf(data.features, 'feature')}`;
  const names = formatNames(data.classes.map(String));
  const rows: [string, string][] = [
    ['data', `${shape}, ${data.classes.length} classes: ${names}`],
    ['problem', problemText(report.problem)],
    ['solution', solutionText(report, tolerance, style)],
    [
      '',
      style.dim(
        `${solution.solver}, ${countOf(solution.iterations, 'iteration')}, ` +
          `${countOf(solution.passes, 'pass', 'passes')} over the data, ${formatSeconds(seconds.fit)}`,
      ),
    ],
    ['training', splitText(metrics.train, style)],
  ];
  if (metrics.test !== null) rows.push(['held out', splitText(metrics.test, style)]);
  rows.push(['model', style.bold(visibleText(report.model))]);
  return `${rows.map(([label, text]) => style.dim(label.padEnd(10)) + text).join('\n')}\n`;
}

/** "softmax loss, L2 penalty with λ = 0.01, standardized" */
export function problemText(problem: ProblemDescription): string {
  const parts = [problem.loss === 'hinge' ? `hinge loss with margin ${problem.margin}` : 'softmax loss'];
  if (problem.penalty === 'none') parts.push('no penalty');
  else {
    const name = { l2: 'L2', l1: 'L1', 'elastic-net': 'elastic-net' }[problem.penalty];
    const beta = problem.beta === null ? '' : `, β = ${problem.beta}`;
    parts.push(`${name} penalty with λ = ${problem.lambda}${beta}`);
  }
  if (problem.dropout > 0) parts.push(`dropout ${problem.dropout}`);
  parts.push(problem.standardize ? 'standardized columns' : 'columns as they are');
  if (!problem.intercept) parts.push('no intercepts');
  return parts.join(', ');
}

function solutionText({ solution }: TrainReport, tolerance: number | null, style: Style): string {
  const objective = `objective ${formatObjective(solution.objective)}`;
  return `${objective}, ${certificateText(solution, tolerance, style)}`;
}

type Certified = Pick<
  TrainReport['solution'],
  'status' | 'relativeGap' | 'stationarity' | 'separatedClasses'
>;

/** What is known of the distance to the optimum, in words. */
export function certificateText(solution: Certified, tolerance: number | null, style: Style): string {
  const { status, relativeGap, stationarity } = solution;
  if (status === 'separable') {
    const classes = formatNames((solution.separatedClasses ?? []).map(String));
    return style.warning(
      `without a finite optimum: the data separates ${classes === '' ? 'the classes' : `class ${classes}`} perfectly; give a penalty`,
    );
  }
  const known =
    relativeGap === null
      ? `for which no certificate exists; the largest entry of its gradient is ${formatGap(stationarity)}`
      : `certified within ${formatGap(relativeGap)} of the optimum`;
  if (status === 'converged') return known;
  const asked = tolerance === null ? '' : ` (${formatGap(tolerance)} was asked for)`;
  return `${known}${asked}; ${style.warning(`not converged: ${STOPPED[status]}`)}`;
}

const STOPPED: Readonly<Record<Exclude<Status, 'converged' | 'separable'>, string>> = {
  'max-iterations': 'stopped at the largest number of iterations',
  'max-seconds': 'stopped by the time limit',
  aborted: 'interrupted',
  stalled: 'no further progress is possible in double precision',
};

function splitText({ rows, accuracy, logLoss }: SplitMetrics, style: Style): string {
  const loss = logLoss === null ? '' : `, log loss ${formatNumber(logLoss)}`;
  return `${style.bold(formatPercent(accuracy))} accuracy${loss} on ${countOf(rows, 'row')}`;
}
