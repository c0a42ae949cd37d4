import type { ClassLabel } from '../data/class-labels.ts';
import { countFeatures, type EncodedColumn, type Encoding } from '../data/encoding.ts';
import { ModelError } from '../errors.ts';
import type { Status } from '../solvers/solver.ts';
import type { ClassifierState, ModelCertificate } from './classifier-state.ts';
import {
  arrayOf,
  choice,
  expectDistinct,
  type Field,
  fieldsOf,
  finiteNumber,
  flag,
  nullable,
  numberAtLeast,
  refuse,
  shown,
  text,
  wholeNumber,
} from './json-fields.ts';
import { checksumOf, MODEL_FORMAT, MODEL_VERSION, modelContent } from './model-json.ts';
import type { ProblemDescription } from './problem-description.ts';

const STATUSES: readonly Status[] = [
  'converged',
  'max-iterations',
  'max-seconds',
  'aborted',
  'stalled',
  'separable',
];

/**
 * The state that parsed model JSON describes. Every field is checked for type, shape and sense, nothing is
 * allocated by a number that the file merely claims, and the checksum is compared last.
 *
 * Throws ModelError naming the field.
 */
export function readModelState(value: unknown): ClassifierState {
  expectVersion(value);
  const fields = fieldsOf({ path: '', value }, [
    'format',
    'version',
    'checksum',
    'problem',
    'solution',
    'classes',
    'nFeatures',
    'featureNames',
    'encoding',
    'intercepts',
    'weights',
  ]);
  const classes = readClasses(fields.classes);
  const nFeatures = wholeNumber(1)(fields.nFeatures);
  const state: ClassifierState = {
    classes,
    nFeatures,
    problem: readProblem(fields.problem),
    ...readSolution(fields.solution, classes),
    featureNames: nullable(fields.featureNames, (field) => arrayOf(field, text, nFeatures)),
    encoding: nullable(fields.encoding, (field) => readEncoding(field, nFeatures)),
    intercepts: Float64Array.from(arrayOf(fields.intercepts, finiteNumber, classes.length)),
    weights: readWeights(fields.weights, classes.length, nFeatures),
  };
  if (checksumOf(modelContent(state)) !== text(fields.checksum)) {
    throw new ModelError(
      'model file: the content does not match its checksum, so it was altered or damaged',
      {
        field: 'checksum',
        hint: 'train the model again or restore the file',
      },
    );
  }
  return state;
}

function expectVersion(value: unknown): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const { format, version } = (isObject ? value : {}) as { format?: unknown; version?: unknown };
  if (format !== MODEL_FORMAT) {
    throw new ModelError(`not a model file: "format" is not "${MODEL_FORMAT}"`, { field: 'format' });
  }
  if (version === undefined)
    throw new ModelError('model file: field "version" is missing', { field: 'version' });
  if (version !== MODEL_VERSION) {
    throw new ModelError(
      `model file: this program reads version ${MODEL_VERSION}, and the file is of version ${shown(version)}`,
      { field: 'version', hint: 'use a release of softmargin that reads it, or train the model again' },
    );
  }
}

function readClasses(field: Field): ClassLabel[] {
  const classes = arrayOf(field, (item) => classLabel(item));
  if (classes.length < 2) refuse(field, 'at least two classes');
  const kind = typeof classes[0];
  for (let k = 0; k < classes.length; k++) {
    if (typeof classes[k] !== kind) refuse({ path: `${field.path}[${k}]`, value: classes[k] }, `a ${kind}`);
  }
  expectDistinct(field.path, classes);
  return classes;
}

function classLabel(field: Field): ClassLabel {
  const { value } = field;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  // −0 and 0 are one class.
  if (typeof value === 'number') return finiteNumber(field) + 0;
  return refuse(field, 'a string, a number or a boolean');
}

function readProblem(field: Field): ProblemDescription {
  const fields = fieldsOf(field, [
    'loss',
    'penalty',
    'lambda',
    'beta',
    'margin',
    'dropout',
    'standardize',
    'intercept',
  ]);
  const problem: ProblemDescription = {
    loss: choice(['softmax', 'hinge'] as const)(fields.loss),
    penalty: choice(['l2', 'l1', 'elastic-net', 'none'] as const)(fields.penalty),
    lambda: numberAtLeast(0)(fields.lambda),
    beta: nullable(fields.beta, numberAtLeast(0)),
    margin: nullable(fields.margin, numberAtLeast(0)),
    dropout: numberAtLeast(0)(fields.dropout),
    standardize: flag(fields.standardize),
    intercept: flag(fields.intercept),
  };
  if (problem.dropout >= 1) refuse(fields.dropout, 'a number < 1');
  if ((problem.lambda === 0) !== (problem.penalty === 'none')) {
    refuse(fields.lambda, problem.penalty === 'none' ? '0 with penalty none' : 'a number > 0 with a penalty');
  }
  if ((problem.beta !== null) !== (problem.penalty === 'elastic-net')) {
    refuse(fields.beta, problem.penalty === 'elastic-net' ? 'a number' : 'null without elastic-net');
  }
  if ((problem.margin !== null) !== (problem.loss === 'hinge') || problem.margin === 0) {
    refuse(fields.margin, problem.loss === 'hinge' ? 'a number > 0' : 'null without hinge');
  }
  return problem;
}

type SolutionState = Pick<
  ClassifierState,
  | 'status'
  | 'solver'
  | 'objective'
  | 'certificate'
  | 'stationarity'
  | 'iterations'
  | 'passes'
  | 'separatedClasses'
>;

function readSolution(field: Field, classes: readonly ClassLabel[]): SolutionState {
  const fields = fieldsOf(field, [
    'status',
    'solver',
    'objective',
    'lowerBound',
    'relativeGap',
    'tolerance',
    'stationarity',
    'iterations',
    'passes',
    'separatedClasses',
  ]);
  const objective = finiteNumber(fields.objective);
  const separatedClasses = arrayOf(fields.separatedClasses, (item) => {
    const label = classLabel(item);
    return classes.includes(label) ? label : refuse(item, 'one of the classes');
  });
  expectDistinct(fields.separatedClasses.path, separatedClasses);
  const status = choice(STATUSES)(fields.status);
  if (separatedClasses.length > 0 && status !== 'separable') {
    refuse(fields.separatedClasses, 'no classes unless the status is separable');
  }
  const certificate = readCertificate(fields, objective);
  if (status === 'converged' && certificate !== null && certificate.relativeGap > certificate.tolerance) {
    refuse(fields.relativeGap, `at most the tolerance ${certificate.tolerance} with status converged`);
  }
  return {
    status,
    solver: text(fields.solver),
    objective,
    certificate,
    stationarity: nullable(fields.stationarity, numberAtLeast(0)) ?? Number.POSITIVE_INFINITY,
    iterations: wholeNumber(0)(fields.iterations),
    passes: numberAtLeast(0)(fields.passes),
    separatedClasses,
  };
}

/** What rounding may do to a bound that is the objective, relative to it, and to a relative gap. */
const BOUND_ROUNDING = 1e-12;
const GAP_ROUNDING = 1e-9;

/** A certificate proves something only where its numbers can be those of a dual point. */
function readCertificate(
  fields: Readonly<Record<'lowerBound' | 'relativeGap' | 'tolerance', Field>>,
  objective: number,
): ModelCertificate | null {
  const lowerBound = nullable(fields.lowerBound, numberAtLeast(0));
  const relativeGap = nullable(fields.relativeGap, numberAtLeast(0));
  const tolerance = nullable(fields.tolerance, numberAtLeast(0));
  if (lowerBound === null && relativeGap === null && tolerance === null) return null;
  if (lowerBound === null) return refuse(fields.lowerBound, 'a number beside relativeGap and tolerance');
  if (relativeGap === null) return refuse(fields.relativeGap, 'a number beside lowerBound');
  if (tolerance === null) return refuse(fields.tolerance, 'a number beside lowerBound');
  if (!(lowerBound <= objective * (1 + BOUND_ROUNDING))) {
    refuse(fields.lowerBound, `a number no larger than the objective ${objective}`);
  }
  const gap = Math.max(0, objective - lowerBound) / Math.max(objective, Number.MIN_VALUE);
  if (Math.abs(relativeGap - gap) > GAP_ROUNDING * (1 + gap)) {
    refuse(fields.relativeGap, `${gap}, as objective and lowerBound have it`);
  }
  return { objective, lowerBound, relativeGap, tolerance };
}

function readWeights(field: Field, nClasses: number, nFeatures: number): Float64Array {
  const rows = arrayOf(field, (row) => arrayOf(row, finiteNumber, nFeatures), nClasses);
  const weights = new Float64Array(nClasses * nFeatures);
  for (let k = 0; k < nClasses; k++) weights.set(rows[k], k * nFeatures);
  return weights;
}

function readEncoding(field: Field, nFeatures: number): Encoding {
  const fields = fieldsOf(field, ['target', 'missing', 'columns', 'unused']);
  const encoding: Encoding = {
    target: text(fields.target),
    missing: arrayOf(fields.missing, text),
    columns: arrayOf(fields.columns, readColumn),
    unused: arrayOf(fields.unused, text),
  };
  expectDistinct(fields.columns.path, [encoding.target, ...encoding.columns.map((column) => column.name)]);
  if (countFeatures(encoding) !== nFeatures) {
    throw new ModelError(
      `model file: "${fields.columns.path}" make ${countFeatures(encoding)} features, and the weights have ${nFeatures}`,
      { field: fields.columns.path },
    );
  }
  return encoding;
}

function readColumn(field: Field): EncodedColumn {
  const kindField = { path: `${field.path}.kind`, value: ownValue(field.value, 'kind') };
  if (choice(['numeric', 'categorical'] as const)(kindField) === 'numeric') {
    const { name, fill, indicator } = fieldsOf(field, ['name', 'kind', 'fill', 'indicator']);
    return { name: text(name), kind: 'numeric', fill: finiteNumber(fill), indicator: flag(indicator) };
  }
  const { name, levels, missingLevel } = fieldsOf(field, ['name', 'kind', 'levels', 'missingLevel']);
  const names = arrayOf(levels, text);
  expectDistinct(levels.path, names);
  return { name: text(name), kind: 'categorical', levels: names, missingLevel: flag(missingLevel) };
}

function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
