import type { Classifier } from '../model/classifier.ts';
import { defineCommand, helpOption, jsonOption } from './command.ts';
import { ExitStatus } from './exit-status.ts';
import { countOf, formatCount, formatNames, formatNumber, formatObjective, formatTable } from './format.ts';
import { readModel } from './model-input.ts';
import type { OptionTable } from './options.ts';
import { print } from './output.ts';
import { type Style, styleFor } from './style.ts';
import { certificateText, problemText } from './train-report.ts';
import { visibleText } from './visible-text.ts';

const DEFAULT_TOP = 5;

const options = {
  top: {
    kind: 'number',
    value: '<n>',
    expectation: 'a whole number >= 0',
    holds: (value) => Number.isInteger(value) && value >= 0,
    help: `how many weights of each class to show; default: ${DEFAULT_TOP}`,
  },
  ...jsonOption,
  ...helpOption,
} as const satisfies OptionTable;

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'show what a model was trained for, its certificate and its largest weights',
  operands: ['<model>'],
  groups: [['Options', options]],
  options,
  examples: [
    [
      'softmargin inspect model.json',
      'the problem, how near to the optimum it was solved, and the largest weights',
    ],
    ['softmargin inspect model.json --top 20 --json', 'the same as JSON, with 20 weights a class'],
  ],
  notes: [
    'Weights are in the units of the columns: the same column has a thousand times the weight in metres that it',
    'has in millimetres.',
  ],
  async run([path], values) {
    const model = readModel(path);
    const report = inspectReport(model, path, values.top ?? DEFAULT_TOP);
    print(values.json ? `${JSON.stringify(report)}\n` : inspectText(report, styleFor(process.stdout)));
    return ExitStatus.done;
  },
});

type InspectReport = ReturnType<typeof inspectReport>;

function inspectReport(model: Classifier, path: string, top: number) {
  return {
    schemaVersion: 1,
    model: path,
    target: model.encoding?.target ?? null,
    columns: model.encoding?.columns.map(({ name, kind }) => ({ name, kind })) ?? null,
    features: model.nFeatures,
    classes: model.classes,
    problem: model.problem,
    solution: {
      status: model.status,
      solver: model.solver,
      objective: model.objective,
      lowerBound: model.certificate?.lowerBound ?? null,
      relativeGap: model.certificate?.relativeGap ?? null,
      tolerance: model.certificate?.tolerance ?? null,
      stationarity: model.stationarity,
      iterations: model.iterations,
      passes: model.passes,
      nonzeroWeights: countNonzeros(model.weights),
      separatedClasses: model.separatedClasses,
    },
    largestWeights: model.classes.map((label, k) => ({
      class: label,
      intercept: model.intercepts[k],
      weights: largestWeights(model, k, top),
    })),
  };
}

function countNonzeros(weights: Float64Array): number {
  return weights.reduce((count, weight) => count + (weight === 0 ? 0 : 1), 0);
}

/** The features with the largest |weight| for class k, zeros left out. */
function largestWeights(model: Classifier, k: number, top: number): { feature: string; weight: number }[] {
  const row = model.weights.subarray(k * model.nFeatures, (k + 1) * model.nFeatures);
  return Array.from(row, (weight, j) => ({ feature: featureName(model, j), weight }))
    .filter(({ weight }) => weight !== 0)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, top);
}

/** Features without names are counted from 1, as in LIBSVM files. */
function featureName(model: Classifier, j: number): string {
  return model.featureNames?.[j] ?? `feature ${j + 1}`;
}

function inspectText(report: InspectReport, style: Style): string {
  const { solution, largestWeights } = report;
  const columns = report.columns === null ? '' : `, from ${countOf(report.columns.length, 'column')}`;
  const target = report.target === null ? '' : `, target ${visibleText(report.target)}`;
  const rows = [
    ['model', style.bold(visibleText(report.model))],
    ['classes', `${report.classes.length}: ${formatNames(report.classes.map(String), 12)}${target}`],
    ['features', `${formatCount(report.features)}${columns}`],
    ['problem', problemText(report.problem)],
    [
      'solution',
      `objective ${formatObjective(solution.objective)}, ${certificateText(solution, solution.tolerance, style)}`,
    ],
    [
      '',
      style.dim(
        `${solution.solver}, ${countOf(solution.iterations, 'iteration')}, ${countOf(solution.passes, 'pass', 'passes')} over the data`,
      ),
    ],
    [
      'weights',
      `${formatCount(solution.nonzeroWeights)} of ${formatCount(report.features * report.classes.length)} are not zero`,
    ],
  ].map(([label, text]) => style.dim(label.padEnd(10)) + text);
  const weights = largestWeights.map(({ class: label, intercept, weights }) => {
    const lines = [
      ['(intercept)', signed(intercept)],
      ...weights.map(({ feature, weight }) => [feature, signed(weight)]),
    ];
    return `\n${style.bold(visibleText(String(label)))}\n${formatTable(lines).replace(/^/gm, '  ')}`;
  });
  return `${[...rows, ...weights].join('\n')}\n`;
}

function signed(value: number): string {
  return value < 0 ? formatNumber(value) : `+${formatNumber(value)}`;
}
